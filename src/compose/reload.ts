import type { pino } from 'pino';
import type { Config } from '../config/config.ts';
import { ConfigError, formatPlace } from '../config/config-problem.ts';
import { keepFixed } from '../config/keep-fixed.ts';

/**
 * One reload after the other: read, check, build, and only then put in force by `swap`, in one step. A configuration that
 * is wrong anywhere changes nothing. One log line tells of what came of it, and one of each thing worth a warning.
 */
export function createReload<Built>(parts: {
  first: Config;
  logger: Pick<pino.Logger, 'info' | 'warn' | 'error'>;
  /** Everything that can fail. */
  build(config: Config): Promise<Built>;
  /** Nothing that can. */
  swap(config: Config, built: Built): void;
}): (load: () => Config) => Promise<void> {
  const { logger, build, swap } = parts;
  let current = parts.first;
  let last: Promise<void> = Promise.resolve();

  async function reload(load: () => Config): Promise<void> {
    let kept: string[];
    try {
      const next = keepFixed(current, load());
      kept = next.kept;
      swap(next.config, await build(next.config));
      current = next.config;
    } catch (error) {
      logger.error({ problems: problemsOf(error) }, REJECTED);
      return;
    }
    for (const { code, message, places } of current.warnings) {
      logger.warn({ code, places: places.map(formatPlace) }, message);
    }
    if (kept.length > 0) logger.warn({ settings: kept }, KEPT);
    logger.info({ config_digest: current.digest, file: current.file }, 'The configuration was loaded again');
  }

  return (load) => {
    last = last.then(() => reload(load));
    return last;
  };
}

/** Said of a configuration that is wrong. */
export const REJECTED = 'The configuration was not loaded again, the previous one stays in force';
const KEPT = 'These settings cannot change while the process runs, and stay as they were until it is started again';

/** Each with its file and line, where it has one. Never a value: it may be a secret. */
export function problemsOf(error: unknown): string[] {
  if (error instanceof ConfigError) return error.message.split('\n');
  return [error instanceof Error ? error.message : String(error)];
}
