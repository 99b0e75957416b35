import { pino } from 'pino';
import type { Config } from '../config/config.ts';

/** Buffered: a line per request must not cost a system call per request. Flushed every second and at the end. */
export function createLogger(config: Config): pino.Logger {
  const destination = pino.destination({ dest: 1, sync: false, minLength: 8_192, periodicFlush: 1_000 });
  return pino({ level: config.log.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}
