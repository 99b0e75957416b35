/** The command line: what was typed → one command, its output, and an exit code. Failures are one sentence each. */
import cluster from 'node:cluster';
import { Command, CommanderError, Option } from 'commander';
import { VERSION } from '../version.ts';
import { addApplyCommands } from './apply/apply-commands.ts';
import { addAuditCommands } from './audit/audit-commands.ts';
import { addConfigCheckCommand, printWarnings } from './check-config.ts';
import { CliError, type CliIo, createProcessIo } from './cli-io.ts';
import { addConfigOptions, type ConfigOptions, toOverrides } from './command-options.ts';
import { describeFailure } from './describe-failure.ts';
import { addDoctorCommand } from './doctor.ts';
import { describeFile } from './follow-config.ts';
import { addExportCommand } from './import/export-command.ts';
import { addImportCommands } from './import/import-commands.ts';
import { addKeysCommands } from './keys/keys-commands.ts';
import { addMasterKeyCommand } from './master-key.ts';
import { addMigrateCommand } from './migrate.ts';
import { addSaltKeyCommands } from './salt-key.ts';
import { addSpendCommands } from './spend.ts';

/**
 * Runs one command. Resolves with the exit code: 0, 1 for a failure, 2 for a command that was used wrongly; for `plan`, 2
 * says that there are changes, and wrong use is a failure like any other.
 */
export async function runCli(args: readonly string[], io: CliIo = createProcessIo()): Promise<number> {
  let exitCode = 0;
  const program = buildProgram(io, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    const wrongUse = args[0] === 'plan' ? 1 : 2;
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : wrongUse;
    io.complain(describeFailure(error));
    return error instanceof CliError && error.exitCode === 2 ? wrongUse : 1;
  }
}

function buildProgram(io: CliIo, setExitCode: (code: number) => void): Command {
  const program = new Command('latchkey')
    .description('An LLM gateway with virtual keys.')
    .version(VERSION, '-V, --version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.print(text.trimEnd()),
      writeErr: (text) => io.complain(text.trimEnd()),
    })
    .showHelpAfterError('Add --help to see what there is.');

  addConfigOptions(program.command('serve').description('start the gateway'), { json: false })
    .option('--host <host>', 'address to listen on (LATCHKEY_HOST; default 127.0.0.1)')
    .option('--port <port>', 'port to listen on, 0 for any (LATCHKEY_PORT; default 4000)')
    .option(
      '--log-level <level>',
      'fatal, error, warn, info, debug, trace or silent (LATCHKEY_LOG_LEVEL; default info)',
    )
    .option('--workers <count>', 'processes that serve on the port, with PostgreSQL (LATCHKEY_WORKERS; default 1)')
    .option('--root-path <path>', 'path below which it is reached, as /gateway (LATCHKEY_ROOT_PATH; default /)')
    .addOption(new Option('--num_workers <count>').hideHelp())
    .action((options: ConfigOptions) => {
      let files = new Map<string, string>();
      const load = () => {
        files = new Map();
        return io.loadConfig(toOverrides(options), (path) => files.set(path, describeFile(path)));
      };
      const config = load();
      // One of several workers would only say again what the primary has said.
      if (!cluster.isWorker) printWarnings(io, config.warnings);
      return io.serve(config, { load, files: () => files });
    });
  addMigrateCommand(program, io);
  addKeysCommands(program, io);
  addSpendCommands(program, io);
  addAuditCommands(program, io, setExitCode);
  addDoctorCommand(program, io, setExitCode);
  addConfigCheckCommand(program, io, setExitCode);
  addMasterKeyCommand(program, io);
  addSaltKeyCommands(program, io);
  addImportCommands(program, io);
  addExportCommand(program, io);
  addApplyCommands(program, io, setExitCode);
  return program;
}
