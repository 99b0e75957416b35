import type { Command } from 'commander';
import { CliError, type CliIo, type Installation } from '../cli-io.ts';
import { addConfigOptions, type ConfigOptions, toOverrides } from '../command-options.ts';
import { showTakeover, toTakeoverJson } from './show-takeover.ts';

interface LitellmOptions extends ConfigOptions {
  from: string;
  dryRun?: boolean;
  litellmKeyFile?: string;
}

export function addLitellmCommand(command: Command, io: CliIo): void {
  addConfigOptions(
    command
      .command('litellm')
      .description('take over keys and their owners from a LiteLLM database; old keys go on working'),
  )
    .requiredOption(
      '--from <url>',
      "LiteLLM's DATABASE_URL, postgres://…; leave the password to PGPASSWORD, where no process list shows it",
    )
    .option(
      '--litellm-key-file <file>',
      "file with the salt key (or master key) that LiteLLM sealed its models' credentials with",
    )
    .option('--dry-run', 'tell what would be taken over, and write nothing')
    .addHelpText(
      'after',
      '\nWithout --litellm-key-file, LITELLM_SALT_KEY and LITELLM_MASTER_KEY are tried on the credentials of models.\n' +
        'On SQLite stop the gateway first; on PostgreSQL running gateways notice by themselves.',
    )
    .action(async (_: unknown, called: Command) => {
      // `import` has some of these options, too, and takes them wherever they stand.
      const options = called.optsWithGlobals<LitellmOptions>();
      const config = io.loadConfig(toOverrides(options));
      const installation = await io.loadInstallation();
      const from = installation.parseLitellmAddress(options.from);
      if (from === null)
        throw new CliError('--from has to be the address of a PostgreSQL database: postgres://user@host/database', 2);
      const litellmKey = findLitellmKey(io, options.litellmKeyFile);
      const dryRun = options.dryRun === true;
      const report = await takeOver(installation, config, { from, dryRun, litellmKey });
      if (report.tables.length === 0) {
        throw new CliError(`There are no LiteLLM tables in schema ${from.schema} of ${from.shown}.`);
      }
      io.print(options.json ? JSON.stringify(toTakeoverJson(report, from.shown)) : showTakeover(report, from.shown));
    });
}

async function takeOver(
  installation: Installation,
  config: Parameters<Installation['takeOverFromLitellm']>[0],
  options: Parameters<Installation['takeOverFromLitellm']>[1],
): ReturnType<Installation['takeOverFromLitellm']> {
  const source = { reached: false };
  try {
    return await installation.takeOverFromLitellm(config, options, source);
  } catch (error) {
    // A driver's message may quote the address that it was given.
    if (!source.reached)
      throw new CliError(
        `The LiteLLM database at ${options.from.shown} cannot be reached, or not with this user and password.`,
        1,
      );
    throw error;
  }
}

function findLitellmKey(io: CliIo, file: string | undefined): string | null {
  const { sharedSaltKey, sharedMasterKey } = io.environment.settings;
  if (file === undefined) return sharedSaltKey ?? sharedMasterKey;
  try {
    return io.readFile(file).trim();
  } catch (cause) {
    throw new CliError(`${file} cannot be read.`, 1, { cause });
  }
}
