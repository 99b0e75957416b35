import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { createPasswordCommand, type PasswordSource } from '../storage/password-command.ts';

/** Where the database is: as configured, else a SQLite file beside the other data. */
export function databaseUrlOf(config: Config): string {
  return config.databaseUrl ?? join(config.server.dataDir, 'latchkey.sqlite');
}

/** What to log in with where a command says it; undefined: the address does. */
export function databasePasswordOf(config: Pick<Config, 'databasePasswordCommand'>): PasswordSource | undefined {
  const command = config.databasePasswordCommand;
  return command === null ? undefined : createPasswordCommand(command);
}
