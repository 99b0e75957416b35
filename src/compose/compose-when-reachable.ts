import { setTimeout as sleep } from 'node:timers/promises';
import { compose, type Gateway } from '../compose.ts';
import type { Config } from '../config/config.ts';
import { startWaitingServer } from '../http/waiting-server.ts';
import { findWhyUnreachable } from '../storage/postgres-failure.ts';

const RETRY_MS = 500;

/**
 * Composes; where PostgreSQL cannot be reached, as often as it takes. Meanwhile the port answers: liveness with 200, all
 * else with 503 and `retry-after`. Whatever would not be cured by waiting (a password, a name, a setting) is thrown.
 *
 * @param untilStop asked once the waiting begins: resolves when the process is to end
 * @returns null when the process was told to end first
 */
export async function composeWhenReachable(
  config: Config,
  { untilStop, say }: { untilStop: () => Promise<unknown>; say: (line: string) => void },
): Promise<Gateway | null> {
  const first = await attempt(config);
  if ('gateway' in first) return first.gateway;
  say(`The database cannot be reached (${first.reason}). It is waited for; until then calls are refused with 503.`);
  const waiting = await startWaitingServer(config.server);
  let stopped = false;
  const stop = untilStop().then(() => {
    stopped = true;
  });
  try {
    while (!stopped) {
      const next = await attempt(config);
      if ('gateway' in next) {
        say('The database answers.');
        return next.gateway;
      }
      await Promise.race([sleep(RETRY_MS), stop]);
    }
    return null;
  } finally {
    await waiting.close();
  }
}

async function attempt(config: Config): Promise<{ gateway: Gateway } | { reason: string }> {
  try {
    return { gateway: await compose(config) };
  } catch (error) {
    const reason = findWhyUnreachable(error);
    if (reason === undefined) throw error;
    return { reason };
  }
}
