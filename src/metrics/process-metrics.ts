import { type CollectMetrics, gauge, type MetricFamily } from './metric-family.ts';

/** The gateway's own state, as its health routes tell it. */
export interface ObservedProcess {
  callsInFlight: number;
  openHolds: number;
  journalBacklog: number;
  changeFeedPosition: number;
  changeFeedBehindMs: number;
  liveProcesses: number;
}

/** Never fails a scrape: what cannot be asked for just now is left out, and the database is said to be down. */
export function collectProcessMetrics(deps: {
  version: string;
  inspect: () => Promise<ObservedProcess>;
  pingDatabase: () => Promise<void>;
  redisState: (() => 'up' | 'down' | 'rebuilding') | null;
}): CollectMetrics {
  return async () => {
    const [state, isConnected] = await Promise.all([
      inTime(deps.inspect()),
      inTime(deps.pingDatabase().then(() => true)),
    ]);
    const one = (name: string, help: string, value: number, aggregator?: MetricFamily['aggregator']): MetricFamily =>
      gauge(name, help, [{ labels: {}, value }], aggregator);
    const families = [
      gauge(
        'latchkey_build_info',
        'Always 1; its labels say what runs.',
        [{ labels: { version: deps.version, node: process.version }, value: 1 }],
        'max',
      ),
      one('latchkey_database_up', '1: the database answers.', isConnected === true ? 1 : 0, 'min'),
    ];
    if (deps.redisState !== null) {
      families.push(
        one('latchkey_redis_up', '1: Redis is there and complete.', deps.redisState() === 'up' ? 1 : 0, 'min'),
      );
    }
    if (state === null) return families;
    const { changeFeedPosition, changeFeedBehindMs } = state;
    return [
      ...families,
      one('latchkey_calls_in_flight', 'Model calls under way.', state.callsInFlight),
      // Where several processes count in one store, each tells of all holds.
      one('latchkey_open_holds', 'Holds on limits; each belongs to a call in flight.', state.openHolds, 'max'),
      one('latchkey_journal_backlog', 'Bills that are journalled and not yet in the database.', state.journalBacklog),
      one('latchkey_change_feed_position', 'The last change that was heard of.', changeFeedPosition, 'min'),
      one('latchkey_change_feed_behind_seconds', 'Since changes were looked for.', changeFeedBehindMs / 1_000, 'max'),
      one('latchkey_live_processes', 'Processes that serve from this database.', state.liveProcesses, 'max'),
    ];
  };
}

const PATIENCE_MS = 1_000;

/** Null for what fails or takes too long: a scrape must be answered most of all when something is wrong. */
async function inTime<T>(asked: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), PATIENCE_MS);
  });
  const answer = await Promise.race([asked.catch(() => null), late]);
  clearTimeout(timer);
  return answer;
}
