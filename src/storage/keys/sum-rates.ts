/** What the keys of a team or an organisation may use up together: what guaranteed throughput is decided by. */
import { type RawBuilder, sql } from 'kysely';
import type { Json } from '../../core/json.ts';
import { numbersByName } from '../../core/owner-policy.ts';
import type { RateSum } from '../../core/throughput.ts';
import type { RateQuery } from '../owners/owner-storage.ts';
import type { WriteContext } from '../writer.ts';

const NAMES = { RPM: 'model_rpm_limit', TPM: 'model_tpm_limit' } as const;

/**
 * Sums over all living keys of the owner that have not expired, blocked or not, with the limits of their budget rows where
 * they say nothing. Rates as a whole are summed up by the database, by its index of the owner's keys. Those of models stand
 * in free metadata, which PostgreSQL cannot take apart in every case (it refuses escapes that JSON allows), so they are
 * summed up here, from the keys that have any.
 */
export async function sumRates({ trx, nowMs }: WriteContext, query: RateQuery): Promise<number[]> {
  const { owner, exceptKeyId, sums } = query;
  const counted = sql`keys.deleted_at_ms is null and (keys.expires_at_ms is null or keys.expires_at_ms > ${nowMs})
    and keys.key_id <> ${exceptKeyId}`;
  const totals = sums.map(() => 0);
  for (const ofOwner of placesOf(owner)) {
    const from = sql`from keys left join budgets on budgets.id = keys.budget_id and budgets.deleted_at_ms is null
      where ${ofOwner} and ${counted}`;
    const byKey = sums.some(({ model }) => model === null) ? await sumWhole(from) : undefined;
    const byModel = sums.some(({ model }) => model !== null) ? await sumModels(from) : undefined;
    sums.forEach(({ unit, model }, index) => {
      const sum = model === null ? byKey?.[unit] : byModel?.get(nameOf(unit, model));
      totals[index] = (totals[index] ?? 0) + (sum ?? 0);
    });
  }
  return totals;

  async function sumWhole(from: RawBuilder<unknown>): Promise<Record<RateSum['unit'], number>> {
    // As fractions, since whole numbers of SQLite could overflow.
    const { rows } = await sql<{ rpm: number | string | null; tpm: number | string | null }>`
      select sum(1.0 * coalesce(keys.rpm_limit, budgets.rpm_limit)) as rpm,
        sum(1.0 * coalesce(keys.tpm_limit, budgets.tpm_limit)) as tpm ${from}`.execute(trx);
    return { RPM: Number(rows[0]?.rpm ?? 0), TPM: Number(rows[0]?.tpm ?? 0) };
  }

  async function sumModels(from: RawBuilder<unknown>): Promise<ReadonlyMap<string, number>> {
    const units = [...new Set(sums.flatMap(({ unit, model }) => (model === null ? [] : [unit])))];
    const totals = new Map<string, number>();
    for (const unit of units) {
      const lent = sql.ref(`budgets.${NAMES[unit]}`);
      const { rows } = await sql<{ metadata: string; lent: string | null }>`
        select keys.metadata as metadata, ${lent} as lent ${from}
          and (keys.metadata like ${`%"${NAMES[unit]}"%`} or ${lent} <> '{}')`.execute(trx);
      for (const row of rows) {
        const own = numbersByName((JSON.parse(row.metadata) as Record<string, Json>)[NAMES[unit]], {});
        const limits = Object.keys(own).length > 0 || row.lent === null ? own : JSON.parse(row.lent);
        for (const [model, limit] of Object.entries<number>(limits)) {
          totals.set(nameOf(unit, model), (totals.get(nameOf(unit, model)) ?? 0) + limit);
        }
      }
    }
    return totals;
  }
}

/** An organisation has the keys that name it, and those of its teams that name none. One index each. */
function placesOf({ kind, id }: RateQuery['owner']): RawBuilder<unknown>[] {
  if (kind === 'team') return [sql`keys.team_id = ${id}`];
  const teams = sql`select id from teams where organization_id = ${id} and deleted_at_ms is null`;
  return [sql`keys.organization_id = ${id}`, sql`keys.organization_id is null and keys.team_id in (${teams})`];
}

function nameOf(unit: string, model: string): string {
  return `${unit} ${model}`;
}
