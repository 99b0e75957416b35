import { applyAdjustments } from '../adjustments.ts';
import { insertAlerts } from '../alerts/insert-alerts.ts';
import { updateKeyRow } from '../keys/change-key.ts';
import { findKeysForChange } from '../keys/find-keys.ts';
import { insertKeyRows } from '../keys/insert-key.ts';
import { toConflict } from '../keys/key-writes.ts';
import { removeKeyRows } from '../keys/remove-keys.ts';
import { sumRates } from '../keys/sum-rates.ts';
import { createPasswordWriter, createSessionWriter } from '../sessions/session-writer.ts';
import { UniqueViolation } from '../unique-violation.ts';
import type { WriteContext, Writer } from '../writer.ts';
import type { Transact, UniqueField, WriteUnit } from './owner-storage.ts';
import {
  BUDGETS,
  END_USERS,
  MODELS,
  ORGANIZATION_MEMBERS,
  ORGANIZATIONS,
  TAGS,
  TEAM_MEMBERS,
  TEAMS,
  USERS,
} from './owner-tables.ts';
import { readBudget } from './read-budget.ts';
import { createRecordWriter } from './record-writer.ts';

const FIELD_OF_INDEX: Readonly<Record<string, UniqueField>> = {
  'users.email': 'user_email',
  users_live_email: 'user_email',
};

export function createTransact(write: Writer): Transact {
  return async (act) => {
    try {
      return { kind: 'done', value: await write((context) => act(createUnit(context))) };
    } catch (error) {
      const field = error instanceof UniqueViolation ? FIELD_OF_INDEX[error.target] : undefined;
      if (field !== undefined) return { kind: 'conflict', field };
      const conflict = toConflict(error);
      // Idempotency notes are not written here.
      return { kind: 'conflict', field: conflict.field === 'idempotency_key' ? 'key' : conflict.field };
    }
  };
}

function createUnit(context: WriteContext): WriteUnit {
  const { trx, dialect, nowMs } = context;
  return {
    nowMs,
    users: createRecordWriter(context, USERS),
    teams: createRecordWriter(context, TEAMS),
    organizations: createRecordWriter(context, ORGANIZATIONS),
    endUsers: createRecordWriter(context, END_USERS),
    tags: createRecordWriter(context, TAGS),
    budgets: createRecordWriter(context, BUDGETS),
    readBudget: (id) => readBudget(trx, id),
    models: createRecordWriter(context, MODELS),
    teamMembers: createRecordWriter(context, TEAM_MEMBERS),
    organizationMembers: createRecordWriter(context, ORGANIZATION_MEMBERS),
    keys: {
      findMany: (addresses) => findKeysForChange(trx, dialect, addresses, nowMs),
      async ofOwners({ userIds = [], teamIds = [], organizationIds = [] }) {
        if (userIds.length + teamIds.length + organizationIds.length === 0) return [];
        const rows = await trx
          .selectFrom('keys')
          .select('key_id')
          .where('deleted_at_ms', 'is', null)
          .where((eb) =>
            eb.or([
              ...(userIds.length === 0 ? [] : [eb('user_id', 'in', userIds)]),
              ...(teamIds.length === 0 ? [] : [eb('team_id', 'in', teamIds)]),
              ...(organizationIds.length === 0 ? [] : [eb('organization_id', 'in', organizationIds)]),
            ]),
          )
          .orderBy('key_id')
          .execute();
        const addresses = rows.map(({ key_id }) => ({ kind: 'key_id' as const, keyId: key_id }));
        return (await findKeysForChange(trx, dialect, addresses, nowMs)).filter((key) => key !== undefined);
      },
      sumRates: (query) => sumRates(context, query),
      insert: (key, previous) => insertKeyRows(context, key, previous),
      update: (key) => updateKeyRow(context, key),
      remove: (key, deleted) => removeKeyRows(context, key, deleted),
    },
    sessions: createSessionWriter(context),
    passwords: createPasswordWriter(context),
    adjust: (adjustments) => applyAdjustments(context, adjustments),
    audit: async (entries) => context.audit(entries),
    async tell(alerts) {
      await insertAlerts(context, alerts);
    },
  };
}
