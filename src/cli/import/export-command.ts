import type { Command } from 'commander';
import { CliError, type CliIo } from '../cli-io.ts';
import { addConfigOptions, type ConfigOptions, toOverrides } from '../command-options.ts';

export function addExportCommand(program: Command, io: CliIo): void {
  addConfigOptions(
    program.command('export').description('keys, their owners, models and balances as NDJSON, without any secret'),
    { json: false },
  )
    .option('--out <file>', 'a new file, readable by its owner only, instead of standard output')
    .action(async (options: ConfigOptions & { out?: string }) => {
      const config = io.loadConfig(toOverrides(options));
      const installation = await io.loadInstallation();
      const database = installation.databaseUrlOf(config);
      if (config.databaseUrl === null && !io.fileExists(database)) {
        throw new CliError(`There is no database at ${database} yet, so there is nothing to export.`);
      }
      const file = options.out === undefined ? null : io.createFile(options.out);
      const result = await installation.exportInstallation(config, (line) =>
        file === null ? io.print(line) : file.write(`${line}\n`),
      );
      file?.close();
      if (result === null) {
        throw new CliError("The database has not this version's tables: bring it up to date with `latchkey migrate`.");
      }
      const { lines, leftOut } = result;
      io.complain(
        `${lines} ${lines === 1 ? 'record' : 'records'}.${leftOut === 0 ? '' : ` ${leftOut} credentials were left out.`}`,
      );
    });
}
