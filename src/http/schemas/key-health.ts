/** POST /key/health. */
import { z } from 'zod';
import type { DestinationHealth, KeyHealth } from '../../management/keys/check-key-health.ts';

const Verdict = z.enum(['healthy', 'unhealthy']);

export const KeyHealthReply = z.object({
  key: Verdict,
  logging_callbacks: z
    .object({
      callbacks: z.array(z.string()),
      status: Verdict,
      details: z.string(),
      results: z
        .array(
          z.object({
            callback_name: z.string(),
            status: Verdict,
            error: z.string().nullable().describe('In the words of the other side; null: it took the record.'),
            took_ms: z.number(),
          }),
        )
        .describe('Each destination by itself. A record of no call has been sent to it.'),
    })
    .nullable()
    .describe("null: the key's metadata names no log destination."),
});

export function fromKeyHealth({ healthy, logging }: KeyHealth): z.output<typeof KeyHealthReply> {
  const key = toVerdict(healthy);
  if (logging === null) return { key, logging_callbacks: null };
  const { destinations } = logging;
  return {
    key,
    logging_callbacks: {
      callbacks: destinations.map(({ name }) => name),
      status: key,
      details: describe(destinations),
      results: destinations.map(({ name, ok, error, tookMs }) => ({
        callback_name: name,
        status: toVerdict(ok),
        error,
        took_ms: tookMs,
      })),
    },
  };
}

/** LiteLLM's words, which its clients look at. */
function describe(destinations: readonly DestinationHealth[]): string {
  const failures = destinations.filter(({ ok }) => !ok).map(({ name, error }) => `${name}: ${error}`);
  if (failures.length > 0) return `Logger exceptions triggered, system is unhealthy: ${failures.join('; ')}`;
  const names = destinations.map(({ name }) => `'${name}'`).join(', ');
  return `No logger exceptions triggered, system is healthy. Manually check if logs were sent to [${names}] `;
}

function toVerdict(ok: boolean): z.output<typeof Verdict> {
  return ok ? 'healthy' : 'unhealthy';
}
