/** `latchkey import …`: what other installations know, into this one's database. */
import type { Command } from 'commander';
import { CliError, type CliIo } from '../cli-io.ts';
import { addConfigOptions, type ConfigOptions, toOverrides } from '../command-options.ts';
import { addLitellmCommand } from './import-litellm.ts';
import { showTakeover, toTakeoverJson } from './show-takeover.ts';

interface ImportOptions extends ConfigOptions {
  dryRun?: boolean;
}

export function addImportCommands(program: Command, io: CliIo): void {
  const command = addConfigOptions(
    program
      .command('import')
      .description('take over what another installation knows')
      .argument('[file]', 'what `latchkey export` wrote'),
  )
    .option('--dry-run', 'tell what would be taken over, and write nothing')
    .action(async (file: string | undefined, options: ImportOptions) => {
      if (file === undefined)
        throw new CliError('Name a file that `latchkey export` wrote, or say `import litellm`.', 2);
      if (!io.fileExists(file)) throw new CliError(`There is no file ${file}.`);
      const config = io.loadConfig(toOverrides(options));
      const installation = await io.loadInstallation();
      const report = await installation.takeOverFromExport(config, io.readLines(file), options.dryRun === true);
      io.print(options.json ? JSON.stringify(toTakeoverJson(report, file)) : showTakeover(report, file));
    });
  addLitellmCommand(command, io);
}
