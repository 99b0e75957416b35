import { Redis } from 'ioredis';
import { REDIS_SCRIPTS, type RedisScript } from './redis-scripts.ts';

/** Redis did not answer, in time or at all. What was asked may have been done all the same. */
export class RedisAway extends Error {
  override readonly name = 'RedisAway';
}

export type RedisReply = readonly (string | number)[];

export interface RedisLinkOptions {
  /** Holds the password; never part of what is thrown or logged. */
  url: string;
  /** Longest wait for an answer. One call that has waited so long ends the waiting of all, until Redis answers again. */
  timeoutMs: number;
  /** Asks whether Redis answers; called often while it does not, and now and then while it does. */
  greet(runId: string): Promise<void>;
  onUp(): void;
  /** The reason is one sentence without secrets. */
  onDown(reason: string): void;
}

export interface RedisLink {
  /**
   * Runs a script: by its hash, or with its text where the server does not know it (any more).
   *
   * @throws RedisAway (rejects), at once while Redis is known not to answer
   */
  call(
    script: RedisScript,
    keys: readonly string[],
    args: readonly (string | number)[],
    late?: Late,
  ): Promise<RedisReply>;
  /** The same while Redis counts as away: what `greet` asks with. */
  ask(script: RedisScript, keys: readonly string[], args: readonly (string | number)[]): Promise<RedisReply>;
  isUp(): boolean;
  /** Resolves when Redis has answered, or after the time given. */
  waitUntilUp(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}

/** What to do with an answer for which nobody waits any more. */
export type Late = (reply: RedisReply) => void;

interface Waiting {
  sentAtMs: number;
  giveUp(error: RedisAway): void;
}

type Send = (keyCount: number, ...rest: readonly (string | number)[]) => Promise<RedisReply>;

const GREET_EVERY_MS = 250;
const WATCH_EVERY_MS = 25;
const RECONNECT_MS = 200;
/** A connection on which nothing was heard for so long is given up. */
const SILENCE_MS = 5_000;

/** One connection, on which calls are pipelined; and the knowledge whether it is of use. */
export function createRedisLink(options: RedisLinkOptions): RedisLink {
  const redis = new Redis(options.url, {
    lazyConnect: true,
    connectTimeout: options.timeoutMs,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    disableClientInfo: true,
    keepAlive: 10_000,
    retryStrategy: () => RECONNECT_MS,
    scripts: Object.fromEntries(Object.entries(REDIS_SCRIPTS).map(([name, lua]) => [`lk_${name}`, { lua }])),
  });
  const commands = redis as unknown as Record<`lk_${RedisScript}`, Send>;
  const waiting = new Set<Waiting>();
  const upListeners = new Set<() => void>();
  let up = false;
  let closed = false;
  let runId = '';
  let lastError = 'no connection yet';
  let greetingSinceMs: number | null = null;

  function goDown(reason: string): void {
    if (up) {
      up = false;
      options.onDown(reason);
    }
    const abandoned = [...waiting];
    waiting.clear();
    for (const one of abandoned) one.giveUp(new RedisAway(reason));
  }

  function send(script: RedisScript, keys: readonly string[], args: readonly (string | number)[]): Promise<RedisReply> {
    return commands[`lk_${script}`](keys.length, ...keys, ...args);
  }

  async function ask(
    script: RedisScript,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<RedisReply> {
    try {
      return await send(script, keys, args);
    } catch (error) {
      throw new RedisAway(reasonOf(error));
    }
  }

  function call(
    script: RedisScript,
    keys: readonly string[],
    args: readonly (string | number)[],
    late?: Late,
  ): Promise<RedisReply> {
    if (!up) return Promise.reject(new RedisAway(lastError));
    return new Promise((resolve, reject) => {
      const one: Waiting = { sentAtMs: performance.now(), giveUp: reject };
      waiting.add(one);
      send(script, keys, args).then(
        (reply) => {
          if (waiting.delete(one)) resolve(reply);
          else late?.(reply);
        },
        (error: unknown) => {
          waiting.delete(one);
          lastError = reasonOf(error);
          goDown(lastError);
          reject(new RedisAway(lastError));
        },
      );
    });
  }

  function isOverdue(): boolean {
    const [oldest] = waiting;
    return oldest !== undefined && performance.now() - oldest.sentAtMs >= options.timeoutMs;
  }

  async function greet(): Promise<void> {
    if (closed || redis.status !== 'ready') return;
    if (greetingSinceMs !== null) {
      if (performance.now() - greetingSinceMs > SILENCE_MS) redis.disconnect(true);
      return;
    }
    greetingSinceMs = performance.now();
    try {
      if (runId === '') runId = await readRunId(redis);
      await options.greet(runId);
      if (!up && !closed) {
        up = true;
        for (const listener of upListeners) listener();
        options.onUp();
      }
    } catch (error) {
      lastError = error instanceof RedisAway ? error.message : reasonOf(error);
      goDown(lastError);
    } finally {
      greetingSinceMs = null;
    }
  }

  redis.on('error', (error) => {
    lastError = reasonOf(error);
  });
  redis.on('close', () => {
    // Another server may answer at the next connection.
    runId = '';
    goDown(lastError === 'no connection yet' ? 'the connection was closed' : lastError);
  });
  redis.on('ready', () => void greet());
  redis.connect().catch(() => {});
  const greeting = setInterval(() => void greet(), GREET_EVERY_MS);
  const watch = setInterval(() => {
    // Looked at again once what has arrived is read: it may have been this process that stood still.
    if (isOverdue()) setImmediate(() => setImmediate(() => isOverdue() && goDown('no answer in time')));
  }, WATCH_EVERY_MS);
  greeting.unref();
  watch.unref();

  return {
    call,
    ask,
    isUp: () => up,
    async waitUntilUp(timeoutMs) {
      if (up) return;
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          upListeners.delete(done);
          resolve();
        };
        const timer = setTimeout(done, timeoutMs);
        upListeners.add(done);
      });
    },
    async close() {
      closed = true;
      clearInterval(greeting);
      clearInterval(watch);
      up = false;
      redis.disconnect();
    },
  };
}

/** Changes when the server is started again, or another takes its place. Empty: it does not say. */
async function readRunId(redis: Redis): Promise<string> {
  try {
    return /^run_id:(\w+)/m.exec(await redis.info('server'))?.[1] ?? '';
  } catch (error) {
    if (redis.status === 'ready') return 'unknown';
    throw error;
  }
}

/** What the client says of an error; command arguments, addresses with passwords and the like are not in it. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'the call failed';
  const code = (error as NodeJS.ErrnoException).code;
  return code ?? (error.message.split('\n')[0] ?? '').slice(0, 120);
}
