import type { Kysely } from 'kysely';
import type { Database } from '../database.ts';
import { toSession } from './session-rows.ts';
import type { SessionStore } from './session-storage.ts';

export function createSessionStore(reads: Kysely<Database>): SessionStore {
  return {
    async list({ userId, nowMs, idleMs, limit, offset }) {
      let query = reads
        .selectFrom('sessions')
        .where('ended_at_ms', 'is', null)
        .where('expires_at_ms', '>', nowMs)
        .where('last_seen_at_ms', '>', nowMs - idleMs);
      if (userId !== undefined) query = query.where('user_id', '=', userId);
      const [rows, counted] = await Promise.all([
        query.selectAll().orderBy('created_at_ms', 'desc').orderBy('id').limit(limit).offset(offset).execute(),
        query.select((eb) => eb.fn.countAll().as('total')).executeTakeFirstOrThrow(),
      ]);
      return { sessions: rows.map(toSession), total: Number(counted.total) };
    },
    async find(id) {
      const row = await reads.selectFrom('sessions').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? undefined : toSession(row);
    },
    async findPassword(userId) {
      const query = reads.selectFrom('user_passwords').select('hash').where('user_id', '=', userId);
      return (await query.executeTakeFirst())?.hash;
    },
  };
}
