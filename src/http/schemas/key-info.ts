/** GET /key/info and POST /v2/key/info. */
import { z } from 'zod';
import { GatewayError } from '../../core/gateway-error.ts';
import { KEY_STATUSES, type KeyStatus } from '../../core/key-standing.ts';
import type { KeyInfo, SecretInfo } from '../../management/keys/get-key-info.ts';
import { fromBudget } from './budget-table.ts';
import { toIsoTime, toIsoTimeOrNull } from './iso-time.ts';
import { fromKeyView, KeyRow, type KeyRowBody } from './key-row.ts';
import { Texts } from './key-shapes.ts';
import { fromKeyUsage, KEY_USAGE_SHAPE } from './key-usage.ts';
import type { LimitClock } from './limit-fields.ts';

export const KeyInfoQuery = z.looseObject({
  key: z.string().optional().describe('Secret, hash, key_id or alias. Absent: the key that is calling.'),
});

const UsedAt = z.string().nullable().describe('The last call of a model with this secret; null: none.');
const Calls = z.number().describe('Calls of models with this secret.');

export const KeyInfoReply = z.object({
  key: z.string().describe('As passed.'),
  info: KeyRow.omit({ token: true }).extend({
    ...KEY_USAGE_SHAPE,
    status: z.enum(KEY_STATUSES).describe('deleted: shown as it was; blocked and expired: it opens nothing.'),
    rotation: z
      .object({
        last_used_at: UsedAt,
        calls: Calls,
        previous: z
          .array(
            z.object({
              token: z.string().describe('SHA-256 of the secret.'),
              key_name: z.string().nullable().describe('Mask of the secret.'),
              valid_until: z.string(),
              last_used_at: UsedAt,
              calls: Calls,
            }),
          )
          .describe('Earlier secrets that still work.'),
        claim_until: z
          .string()
          .nullable()
          .describe('A rotation is due: with POST /key/rotation/claim the holder of the secret gets the next one.'),
        overdue: z.boolean().describe('Nobody has by then. The secret goes on working.'),
      })
      .describe('Who uses which secret of the key. Up to some ten seconds late.'),
  }),
});

export function fromKeyInfo(
  view: KeyInfo & { secrets: readonly SecretInfo[]; status: KeyStatus },
  passed: string,
  clock: LimitClock,
): z.output<typeof KeyInfoReply> {
  const { token: _token, ...info } = fromInfoView(view, clock);
  const current = view.secrets.find(({ hash }) => hash === view.key.hash);
  const rotation = {
    last_used_at: toIsoTimeOrNull(current?.lastUsedAtMs ?? null),
    calls: current?.calls ?? 0,
    previous: view.secrets.flatMap(({ hash, mask, revokedAtMs, lastUsedAtMs, calls }) =>
      revokedAtMs === null
        ? []
        : [
            {
              token: hash,
              key_name: mask,
              valid_until: toIsoTime(revokedAtMs),
              last_used_at: toIsoTimeOrNull(lastUsedAtMs),
              calls,
            },
          ],
    ),
    claim_until: toIsoTimeOrNull(view.key.rotationClaimUntilMs),
    overdue: view.key.rotationOverdue,
  };
  return { key: passed, info: { ...info, ...fromKeyUsage(view.usage), status: view.status, rotation } };
}

/** A key's own soft budget is shown in its place, as ever. */
function fromInfoView(view: KeyInfo, clock: LimitClock): KeyRowBody {
  const row = fromKeyView(view);
  const { key, linkedBudget } = view;
  if (linkedBudget === null || key.softBudgetNanoUsd !== null) return row;
  return { ...row, litellm_budget_table: fromBudget(linkedBudget.id, linkedBudget, clock) };
}

const Asked = z.looseObject({
  keys: Texts.nullish().describe('Secrets, hashes, key_ids or aliases.'),
  key_aliases: Texts.nullish(),
});

export const KeyInfosBody = Asked.nullish().transform((body): z.output<typeof Asked> => body ?? {});

/** Throws `nothing_asked` (422) when neither list is given; a list may be empty. */
export function toKeyNames(body: z.output<typeof Asked>): { keys: readonly string[]; aliases: readonly string[] } {
  const { keys = null, key_aliases: aliases = null } = body;
  if (keys === null && aliases === null) {
    throw new GatewayError('nothing_asked', 'Malformed request. No keys passed in.', { param: 'keys' });
  }
  return { keys: keys ?? [], aliases: aliases ?? [] };
}

export const KeyInfosReply = z.object({
  key: z.array(z.string()).describe('As passed.'),
  info: z.array(KeyRow.extend(KEY_USAGE_SHAPE)),
});

export function fromKeyInfos(
  passed: readonly string[],
  views: readonly KeyInfo[],
  clock: LimitClock,
): z.output<typeof KeyInfosReply> {
  return {
    key: [...passed],
    info: views.map((view) => ({ ...fromInfoView(view, clock), ...fromKeyUsage(view.usage) })),
  };
}
