import { CliError, type CliIo, type Installation } from '../cli-io.ts';

/** The installation, if it has a database. Opening SQLite's would make it. */
export async function openInstallation(io: CliIo, config: ReturnType<CliIo['loadConfig']>): Promise<Installation> {
  const installation = await io.loadInstallation();
  const database = installation.databaseUrlOf(config);
  if (config.databaseUrl === null && !io.fileExists(database)) {
    throw new CliError(`There is no database at ${database} yet, so there is no audit log.`);
  }
  return installation;
}

export function noLogYet(): CliError {
  return new CliError(
    'This database has no chained audit log: no gateway of this version has used it yet. `latchkey migrate` makes one.',
  );
}
