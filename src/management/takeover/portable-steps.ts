/** How each kind of line of an export is taken in. */
import type { Actor } from '../../core/audit.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { isKeyId } from '../../core/key-address.ts';
import { isSha256Hex } from '../../core/key-secret.ts';
import { type Limits, NO_LIMITS } from '../../core/limits.ts';
import { keyLimits } from '../../core/owner-policy.ts';
import type { Stamps } from '../../core/owner-records.ts';
import { type PortableKind, stripRecord } from '../../core/portable-record.ts';
import { buildBlankKey } from '../keys/merge-key-fields.ts';
import { buildBlankOwner, newStamps } from '../owners/blank-owner.ts';
import { assertLimitFields } from '../owners/limit-fields.ts';
import { keyStep, settleNames } from './key-steps.ts';
import { mapPortable } from './map-portable.ts';
import { organizationMemberStep, teamMemberStep } from './member-steps.ts';
import { modelStep } from './model-step.ts';
import { budgetStep, endUserStep, nameIn, organizationStep, tagStep, teamStep, userStep } from './owner-steps.ts';
import type { RowReader } from './row-reader.ts';
import type { TableStep } from './take-table.ts';
import type { TakeoverTarget } from './takeover.ts';

type Kind = Exclude<PortableKind, 'balance'>;

const OWNER = buildBlankOwner('', '', 0);
const STAMPS = newStamps('', 0);
const KEY = buildBlankKey({ keyId: '', hash: '', mask: null, createdBy: '', nowMs: 0 });
const ROLES = {
  user: ['proxy_admin', 'proxy_admin_viewer', 'org_admin', 'internal_user', 'internal_user_viewer'],
  team: ['admin', 'user'],
  organization: ['org_admin', 'internal_user', 'internal_user_viewer'],
} as const;

// biome-ignore lint/suspicious/noExplicitAny: each kind has records of its own, and whoever takes the lines needs none of them.
export type AnyStep = TableStep<any>;

/** The same steps as for another installation's tables, over lines that say what our records say. */
export function createPortableSteps(deps: TakeoverTarget, actor: Actor): Readonly<Record<Kind, AnyStep>> {
  return {
    budget: named('budget', budgetStep(deps, actor), { ...NO_LIMITS, ...STAMPS, id: '' }),
    organization: named('organization', organizationStep(deps, actor), OWNER),
    user: named('user', userStep(deps, actor), { ...OWNER, email: null, role: 'internal_user' as const }, ROLES.user),
    organization_member: {
      ...named(
        'organization_member',
        organizationMemberStep(deps, actor),
        {
          ...STAMPS,
          organizationId: '',
          userId: '',
          role: 'internal_user' as const,
          budgetId: null,
        },
        ROLES.organization,
      ),
      table: { name: 'organization_member', key: ['organization_id', 'user_id'] },
      idOf: organizationMemberStep(deps, actor).idOf,
    },
    team: named('team', teamStep(deps, actor), {
      ...OWNER,
      organizationId: null,
      modelAliases: {},
      memberPermissions: null,
    }),
    team_member: {
      ...named(
        'team_member',
        teamMemberStep(deps, actor),
        {
          ...NO_LIMITS,
          ...STAMPS,
          teamId: '',
          userId: '',
          role: 'user' as const,
          budgetId: null,
          models: [],
          metadata: {},
        },
        ROLES.team,
      ),
      table: { name: 'team_member', key: ['team_id', 'user_id'] },
      idOf: teamMemberStep(deps, actor).idOf,
    },
    end_user: named('end_user', endUserStep(deps, actor), { ...OWNER, allowedModelRegion: null, defaultModel: null }),
    tag: named('tag', tagStep(deps, actor), { ...OWNER, description: null }),
    model: {
      ...named('model', modelStep(deps, actor), { ...STAMPS, id: '', modelName: '', params: {}, info: {} }),
      comparable: stripped,
    },
    key: {
      ...named('key', keyStep(deps, actor), KEY),
      table: { name: 'key', key: ['key_id'] },
      idOf: (values) => nameIn(values, 'key_id'),
      map(row: RowReader) {
        const key = mapPortable(row, KEY);
        if (!isKeyId(key.keyId)) row.note('key_id', 'is no name of a key', 'row');
        if (!isSha256Hex(key.hash)) row.note('hash', 'is no SHA-256', 'row');
        noteLimits(row, keyLimits(key));
        return { ...key, deletedAtMs: null, deletedBy: null };
      },
      settle: (drafts) => settleNames(deps, drafts),
    },
  };
}

/** A step whose rows are lines: all that they say of spend stands in lines of its own. */
function named<R extends Stamps>(
  kind: Kind,
  { spender: _, limitsOf: __, ...step }: TableStep<R>,
  blank: R & { role?: string },
  roles?: readonly string[],
): TableStep<R> {
  return {
    ...step,
    table: { name: kind, key: ['id'] },
    idOf: (values) => nameIn(values, 'id'),
    map(row) {
      const record = mapPortable(row, blank);
      if (roles !== undefined && !roles.includes(String(record.role))) row.note('role', 'is no role', 'row');
      if ('budgetLimits' in record) noteLimits(row, record as unknown as Limits);
      return { ...record, deletedAtMs: null, deletedBy: null };
    },
    comparable: stripped,
    unused: {},
  };
}

function stripped(record: object): object {
  return stripRecord(record).record;
}

/** Limits that no request could have set are none that could be held. */
function noteLimits(row: RowReader, limits: Limits): void {
  try {
    assertLimitFields(limits);
    if (limits.budgetMode !== null && limits.budgetMode !== 'standard' && limits.budgetMode !== 'hard') {
      row.note('budget_mode', 'is neither standard nor hard', 'row');
    }
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    row.note(error.param ?? null, error.message, 'row');
  }
}
