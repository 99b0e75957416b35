import { CompiledQuery, type Kysely } from 'kysely';

/** On PostgreSQL, whoever holds it adds days to spend_logs or takes rows away. Any number that nobody else uses. */
const EXPIRY_LOCK = 0x6c_6b_65_78;

/** Takes the lock until the transaction ends; false: another process has it. */
export async function tryExpiryLock<Tables>(transaction: Kysely<Tables>): Promise<boolean> {
  const { rows } = await transaction.executeQuery<{ locked: boolean }>(
    CompiledQuery.raw(`select pg_try_advisory_xact_lock(${EXPIRY_LOCK}) as locked`),
  );
  return rows[0]?.locked === true;
}
