import { CompiledQuery, type Kysely } from 'kysely';
import { GatewayError } from '../core/gateway-error.ts';
import { LEDGER_SQL, type LedgerDialect } from './ledger-sql.ts';
import type { SharedLock } from './shared-lock.ts';
import type { Shipper } from './shipper.ts';
import type { UnshippedBalances } from './unshipped-balances.ts';

/** Counter → nano-dollars; counters at nothing may be absent. Throws database_unavailable. */
export type ReadBalances = (counterIds: readonly string[]) => Promise<Map<string, number>>;

export interface BalanceReaderOptions {
  reads: Kysely<unknown>;
  dialect: LedgerDialect;
  /** Commits hold it exclusively. */
  lock: SharedLock;
  shipper: Pick<Shipper, 'settleDoubt' | 'inDoubt'>;
  unshipped: UnshippedBalances;
}

/**
 * Balances as of now: what the database has plus what waits in the journal. No batch can be committed between reading
 * the one and adding the other, so no bill is ever counted twice or left out; after a commit without an answer the
 * answer is found out first.
 */
export function createBalanceReader({ reads, dialect, lock, shipper, unshipped }: BalanceReaderOptions): ReadBalances {
  return async (counterIds) => {
    for (;;) {
      await shipper.settleDoubt();
      const sums = await lock.shared(async () => {
        if (shipper.inDoubt()) return undefined;
        const found = await readShipped(reads, dialect, counterIds);
        for (const counter of new Set(counterIds)) {
          const waiting = unshipped.get(counter);
          if (waiting !== 0) found.set(counter, (found.get(counter) ?? 0) + waiting);
        }
        return found;
      });
      if (sums !== undefined) return sums;
    }
  };
}

async function readShipped(
  reads: Kysely<unknown>,
  dialect: LedgerDialect,
  counterIds: readonly string[],
): Promise<Map<string, number>> {
  try {
    const { rows } = await reads.executeQuery<{ counter: string; nano_usd: number | string }>(
      CompiledQuery.raw(LEDGER_SQL[dialect].selectBalances, [JSON.stringify(counterIds)]),
    );
    return new Map(rows.map(({ counter, nano_usd: nanoUsd }) => [counter, Number(nanoUsd)]));
  } catch (cause) {
    throw new GatewayError('database_unavailable', 'The database cannot be reached at the moment.', {
      cause,
      retryAfterMs: 1000,
    });
  }
}
