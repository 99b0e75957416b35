/** OpenAI's list of models. */
import { z } from 'zod';

export const ModelEntry = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: z.number(),
  owned_by: z.string(),
  metadata: z
    .object({ fallbacks: z.array(z.string()).describe('Always empty: no other model answers for one that fails.') })
    .optional(),
});

export const ModelList = z.object({ data: z.array(ModelEntry), object: z.literal('list') });

/** Names have no birthday; this is the one that LiteLLM gives them. */
const CREATED_AT_SECONDS = 1_677_610_602;

export function fromModelName(id: string): z.output<typeof ModelEntry> {
  return { id, object: 'model', created: CREATED_AT_SECONDS, owned_by: 'openai' };
}
