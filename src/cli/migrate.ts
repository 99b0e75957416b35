/** `latchkey migrate`: brings the database to this version without starting the gateway. */
import type { Command } from 'commander';
import { CliError, type CliIo } from './cli-io.ts';
import { addConfigOptions, type ConfigOptions, toOverrides } from './command-options.ts';

export function addMigrateCommand(program: Command, io: CliIo): void {
  addConfigOptions(program.command('migrate').description("bring the database to this version's tables")).action(
    async (options: ConfigOptions) => {
      const config = io.loadConfig(toOverrides(options));
      const installation = await io.loadInstallation();
      const { applied, unknown } = await installation.migrateDatabase(config);
      if (unknown.length > 0) {
        throw new CliError(`A newer version has changed this database (${unknown.join(', ')}), so nothing was done.`);
      }
      if (options.json) io.print(JSON.stringify({ applied }));
      else io.print(applied.length === 0 ? 'The database is up to date.' : applied.map(describe).join('\n'));
    },
  );
}

function describe(migration: string): string {
  return `applied ${migration}`;
}
