/**
 * Counters that several processes share, on PostgreSQL alone: a SQLite file has one process, which counts in memory.
 *
 * Three tables and one function, which carries out a batch of steps in one statement (see counters/counter-batch.ts). A row's locks
 * are taken in one order, counters by id and then holds by id, so no two batches ever wait for each other in a circle. No column
 * that changes with every batch is indexed, and pages keep room, so that updates stay within their page.
 */
import { type Kysely, sql } from 'kysely';
import type { DialectName } from '../database.ts';
import { textType } from './column-types.ts';

export async function createCounters(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  if (dialect === 'sqlite') return;
  const text = textType(dialect);
  const zero = (column: string) => sql`${sql.ref(column)} bigint not null default 0`;
  const counts = ['used', 'held', 'holds', 'window_start_ms', 'window_ms', 'touched_at_ms'];
  await sql`create table counters (
    id ${text} not null primary key, ${sql.join(counts.map(zero))},
    changes bigint[] not null default '{}'
  ) with (fillfactor = 50)`.execute(db);
  await sql`create table counter_holds (
    id ${text} not null primary key,
    expires_at_ms bigint not null,
    counters text[] not null,
    granted bigint[] not null,
    window_starts_ms bigint[] not null
  )`.execute(db);
  await sql`create index counter_holds_expires_at on counter_holds (expires_at_ms)`.execute(db);
  await sql`create table counter_writers (
    id ${text} not null primary key, batch bigint not null, touched_at_ms bigint not null
  ) with (fillfactor = 50)`.execute(db);
  await APPLY.execute(db);
}

/**
 * Null: this writer's batch of that number was carried out before. Else for each step in order: of a reservation 1 and
 * four numbers for each of its charges (granted, used before, left, start of the window); or 0, which charge did not
 * fit (from 0), used, held, start and length of its window; or 2 and which charge's balance has to be read first. Of
 * anything else 1 where there was something to do, or 0. The last number is the time it was done at.
 *
 * A counter remembers the last 64 of administrators' changes, so that each moves it once.
 *
 * Steps are 1 reserve (a: wanted, b: enough, c: ceiling), 2 settle (a: what is used of it, b: what counts though the
 * hold has ended), 3 release, 4 renew, 5 adjust (a: by how much), 6 expire. x: the lease, or the number of a change.
 */
const APPLY = sql`
create function counters_apply_1(
  p_writer text, p_batch bigint, p_now bigint,
  p_ids text[], p_windows bigint[], p_opening bigint[], p_opening_changes text[],
  p_kind int[], p_hold text[], p_x bigint[], p_len int[],
  p_at int[], p_a bigint[], p_b bigint[], p_c bigint[]
) returns bigint[] language plpgsql as $$
declare
  now_ms bigint := coalesce(p_now, (extract(epoch from clock_timestamp()) * 1000)::bigint);
  n int := coalesce(array_length(p_ids, 1), 0);
  found_ids int;
  all_used bigint[]; all_held bigint[]; all_holds bigint[]; starts bigint[]; windows bigint[]; present boolean[]; dirty boolean[];
  result bigint[] := '{}';
  grants bigint[]; since bigint[]; names text[];
  first int := 1; last int; i int; k int; at int; left_over bigint; outcome int; short int; moved boolean;
begin
  if p_batch is not null then
    insert into counter_writers as w (id, batch, touched_at_ms) values (p_writer, p_batch, now_ms)
      on conflict (id) do update set batch = excluded.batch, touched_at_ms = excluded.touched_at_ms
        where w.batch < excluded.batch;
    if not found then return null; end if;
  end if;

  insert into counters as c (id, used, touched_at_ms, changes)
    select t.id, greatest(t.opening, 0), now_ms, t.changes::bigint[]
      from unnest(p_ids, p_opening, p_opening_changes) as t (id, opening, changes)
      where t.opening is not null and not exists (select from counters e where e.id = t.id)
      order by t.id
    on conflict (id) do nothing;

  select array_agg(l.used order by t.ord), array_agg(l.held order by t.ord), array_agg(l.holds order by t.ord),
         array_agg(l.window_start_ms order by t.ord),
         array_agg(case when l.window_start_ms = 0 then t.window_ms else l.window_ms end order by t.ord),
         array_agg(l.id is not null order by t.ord), array_agg(false)
    into all_used, all_held, all_holds, starts, windows, present, dirty
    from unnest(p_ids, p_windows) with ordinality as t (id, window_ms, ord)
    left join (
      select c.id, c.used, c.held, c.holds, c.window_start_ms, c.window_ms
        from counters c where c.id = any (p_ids) order by c.id for update
    ) l on l.id = t.id;
  perform from counter_holds h where h.id = any (p_hold) order by h.id for update;

  for i in 1 .. coalesce(array_length(p_kind, 1), 0) loop
    last := first + p_len[i] - 1;
    outcome := 1;
    if p_kind[i] = 1 then
      for k in first .. last loop
        at := p_at[k];
        if not present[at] then outcome := 2; short := k - first; exit; end if;
        if starts[at] > 0 and now_ms >= starts[at] + windows[at] then
          all_used[at] := 0; all_held[at] := 0; starts[at] := 0; windows[at] := p_windows[at];
        end if;
        if outcome = 1 and all_used[at] + all_held[at] > p_c[k] - p_b[k] then outcome := 0; short := k - first; end if;
      end loop;
      result := result || outcome::bigint;
      if outcome = 2 then
        result := result || short::bigint;
      elsif outcome = 0 then
        at := p_at[first + short];
        result := result || array[short, all_used[at], all_held[at], starts[at], windows[at]];
      else
        grants := '{}'; since := '{}'; names := '{}';
        for k in first .. last loop
          at := p_at[k];
          left_over := p_c[k] - all_used[at] - all_held[at];
          if windows[at] > 0 and starts[at] = 0 then starts[at] := now_ms; end if;
          grants := grants || least(p_a[k], left_over);
          since := since || starts[at];
          names := names || p_ids[at];
          result := result || array[least(p_a[k], left_over), all_used[at], greatest(left_over - p_a[k], 0), starts[at]];
          all_held[at] := all_held[at] + least(p_a[k], left_over);
          all_holds[at] := all_holds[at] + 1;
          dirty[at] := true;
        end loop;
        insert into counter_holds (id, expires_at_ms, counters, granted, window_starts_ms)
          values (p_hold[i], now_ms + p_x[i], names, grants, since);
      end if;
    elsif p_kind[i] in (2, 3, 6) then
      delete from counter_holds h where h.id = p_hold[i] and (p_kind[i] <> 6 or h.expires_at_ms <= now_ms)
        returning h.granted, h.window_starts_ms into grants, since;
      if found then
        for k in first .. last loop
          at := p_at[k];
          continue when not present[at];
          all_holds[at] := all_holds[at] - 1;
          dirty[at] := true;
          -- What was held in a window that has passed went with it.
          continue when starts[at] <> since[k - first + 1];
          all_held[at] := all_held[at] - grants[k - first + 1];
          if p_kind[i] = 2 then all_used[at] := all_used[at] + coalesce(p_a[k], grants[k - first + 1]); end if;
        end loop;
      else
        outcome := 0;
        if p_kind[i] = 2 then
          for k in first .. last loop
            at := p_at[k];
            if present[at] and p_b[k] <> 0 then all_used[at] := all_used[at] + p_b[k]; dirty[at] := true; end if;
          end loop;
        end if;
      end if;
      result := result || outcome::bigint;
    elsif p_kind[i] = 4 then
      update counter_holds h set expires_at_ms = now_ms + p_x[i] where h.id = p_hold[i];
      result := result || (case when found then 1 else 0 end)::bigint;
    else
      at := p_at[first];
      moved := present[at];
      if moved and p_x[i] > 0 then
        update counters c set changes = c.changes[greatest(1, cardinality(c.changes) - 62) :] || p_x[i]
          where c.id = p_ids[at] and not p_x[i] = any (c.changes);
        moved := found;
      end if;
      if moved then all_used[at] := all_used[at] + p_a[first]; dirty[at] := true; end if;
      result := result || (case when moved then 1 else 0 end)::bigint;
    end if;
    first := last + 1;
  end loop;

  update counters c
    set used = t.used, held = t.held, holds = t.holds, window_start_ms = t.start, window_ms = t.win, touched_at_ms = now_ms
    from unnest(p_ids, all_used, all_held, all_holds, starts, windows, dirty) as t (id, used, held, holds, start, win, dirty)
    where c.id = t.id and t.dirty;
  return result || now_ms;
end $$`;
