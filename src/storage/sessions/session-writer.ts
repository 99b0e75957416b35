import type { WriteContext } from '../writer.ts';
import { toSession, toSessionColumns } from './session-rows.ts';
import type { PasswordWriter, SessionWriter } from './session-storage.ts';

export function createSessionWriter({ trx, nowMs, announce }: WriteContext): SessionWriter {
  return {
    async insert(session) {
      await trx.insertInto('sessions').values(toSessionColumns(session)).execute();
      announce({ kind: 'session', hashes: [session.hash] });
    },
    async end(which) {
      if ('userIds' in which && which.userIds.length === 0) return [];
      let query = trx.updateTable('sessions').set({ ended_at_ms: nowMs }).where('ended_at_ms', 'is', null);
      if ('id' in which) query = query.where('id', '=', which.id);
      else {
        query = query.where('user_id', 'in', which.userIds);
        if (which.exceptId != null) query = query.where('id', '!=', which.exceptId);
      }
      const ended = (await query.returningAll().execute()).map(toSession);
      if (ended.length > 0) announce({ kind: 'session', hashes: ended.map(({ hash }) => hash) });
      return ended;
    },
  };
}

export function createPasswordWriter({ trx, nowMs, dialect }: WriteContext): PasswordWriter {
  return {
    async find(userId) {
      const query = trx.selectFrom('user_passwords').select('hash').where('user_id', '=', userId);
      return (await (dialect === 'postgres' ? query.forUpdate() : query).executeTakeFirst())?.hash;
    },
    async set(userId, hash) {
      const columns = { hash, changed_at_ms: nowMs };
      await trx
        .insertInto('user_passwords')
        .values({ user_id: userId, ...columns })
        .onConflict((conflict) => conflict.column('user_id').doUpdateSet(columns))
        .execute();
    },
    async remove(userIds) {
      if (userIds.length > 0) await trx.deleteFrom('user_passwords').where('user_id', 'in', userIds).execute();
    },
  };
}
