/** POST /key/health. */
import { z } from 'zod';
import type { KeyHealth } from '../../management/keys/check-key-health.ts';

const Verdict = z.enum(['healthy', 'unhealthy']);

export const KeyHealthReply = z.object({
  key: Verdict,
  logging_callbacks: z
    .object({ callbacks: z.array(z.string()), status: Verdict, details: z.string() })
    .nullable()
    .describe("null: the key's metadata names no log destination."),
});

export function fromKeyHealth({ healthy, logging }: KeyHealth): z.output<typeof KeyHealthReply> {
  const status = healthy ? 'healthy' : 'unhealthy';
  return {
    key: status,
    logging_callbacks: logging && { callbacks: [...logging.callbacks], status, details: logging.details },
  };
}
