import type { Redis } from 'ioredis';
import { createRedisClient, type RedisAddress } from './redis-client.ts';
import { REDIS_SCRIPTS, type RedisScript } from './redis-scripts.ts';

/** Redis did not answer, in time or at all. What was asked may have been done all the same. */
export class RedisAway extends Error {
  override readonly name = 'RedisAway';
}

export type RedisReply = readonly (string | number)[];

export interface RedisLinkOptions {
  /** Holds the password; never part of what is thrown or logged. */
  address: RedisAddress;
  /** The hash tag with which the names of all keys begin. */
  tag: string;
  /** Longest wait for an answer. One call that has waited so long ends the waiting of all, until Redis answers again. */
  timeoutMs: number;
  /** Asks whether Redis answers; called often while it does not, and now and then while it does. */
  greet(runId: string): Promise<void>;
  onUp(): void;
  /** The reason is one sentence without secrets. */
  onDown(reason: string): void;
  /** Our keys are on their way from one node of a cluster to another: a script may have ended half-way. */
  onTorn(): void;
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
  /** What went wrong last, in one sentence without secrets. */
  trouble(): string;
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
/** A connection on which nothing was heard for so long is given up: sooner where another server can take over. */
const SILENCE_MS = 5_000;
const SILENCE_OF_ONE_AMONG_SEVERAL_MS = 1_000;

/** What a server answers that is no longer, or not now, the one to ask. */
const LEFT = /^(MOVED|CLUSTERDOWN|READONLY|MASTERDOWN)\b/;
/** A slot is moving. What of it is where cannot be told, so nothing is asked of either side until it has moved. */
const TORN = /^(ASK|TRYAGAIN)\b|non local key/;

/** One connection, on which calls are pipelined; and the knowledge whether it is of use. */
export function createRedisLink(options: RedisLinkOptions): RedisLink {
  const redis = createRedisClient(options.address, options.tag, {
    connectTimeout: options.timeoutMs,
    autoResendUnfulfilledCommands: false,
    retryStrategy: () => RECONNECT_MS,
    scripts: Object.fromEntries(Object.entries(REDIS_SCRIPTS).map(([name, lua]) => [`lk_${name}`, { lua }])),
  });
  const commands = redis as unknown as Record<`lk_${RedisScript}`, Send>;
  const waiting = new Set<Waiting>();
  const upListeners = new Set<() => void>();
  const single = options.address.form === 'single';
  const silenceMs = single ? SILENCE_MS : SILENCE_OF_ONE_AMONG_SEVERAL_MS;
  let up = false;
  let closed = false;
  let runId = '';
  let lastError = 'no connection yet';
  let greetingSinceMs: number | null = null;
  let connectedAtMs = 0;

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
      throw new RedisAway(takeIn(error));
    }
  }

  /** What was refused may say that another server is to be asked. Returns the reason in words. */
  function takeIn(error: unknown): string {
    const reason = reasonOf(error);
    if (TORN.test(reason)) options.onTorn();
    if (single && reason.startsWith('MOVED')) return 'it is a node of a cluster, which redis_startup_nodes is for';
    if (LEFT.test(reason) && redis.status === 'ready') redis.disconnect(true);
    return reason;
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
          lastError = takeIn(error);
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
    if (closed) return;
    if (redis.status !== 'ready') {
      // One that stands still may be connected to, and never says hello.
      const silent = redis.status === 'connect' && performance.now() - connectedAtMs > silenceMs;
      if (silent && !single) redis.disconnect(true);
      return;
    }
    if (greetingSinceMs !== null) {
      if (performance.now() - greetingSinceMs > silenceMs) redis.disconnect(true);
      return;
    }
    greetingSinceMs = performance.now();
    try {
      if (runId === '') {
        await selectDatabase(redis);
        runId = await readRunId(redis);
      }
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
  redis.on('connect', () => {
    connectedAtMs = performance.now();
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
    trouble: () => lastError,
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

/** The client asks for its database as well, and goes on in the first one where there is no such database. */
async function selectDatabase(redis: Redis): Promise<void> {
  const { db = 0 } = redis.options;
  if (db !== 0) await redis.select(db);
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
