/**
 * Finds ledger rows by the id that the upstream gave its answer, on SQLite. Such ids are random: in a plain index of
 * millions each new one would fall onto a page of its own, and every commit would write as many pages as it has rows.
 * So the index is one of many small ones behind each other, one for every 16,384 rows, of which only the last one grows
 * (see migration 0027); whoever looks for an id asks all of them in turn, which takes microseconds each, or a page that has to
 * be read from the disk.
 */
import { type RawBuilder, sql } from 'kysely';

/** The numbers of the rows that have this id. */
export function findResponse(responseId: string): RawBuilder<number> {
  // Two questions, since together with the other one neither is answered from the end of the table.
  return sql<number>`with recursive parts(part, first) as (
      select (select max(seq) from spend_logs) >> 14, (select min(seq) from spend_logs) >> 14
      union all select part - 1, first from parts where part > first
    )
    select answers.seq from parts cross join spend_logs as answers
    where answers.seq >> 14 = parts.part and substr(answers.response_id, -10) = substr(${responseId}, -10)
      and answers.response_id = ${responseId}`;
}
