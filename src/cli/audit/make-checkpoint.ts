import type { Command } from 'commander';
import { ENVIRONMENT_NAMES } from '../../config/env.ts';
import { CliError, type CliIo } from '../cli-io.ts';
import { addConfigOptions, type ConfigOptions, toOverrides } from '../command-options.ts';
import { noLogYet, openInstallation } from './open-installation.ts';

export function addCheckpointCommand(audit: Command, io: CliIo): void {
  addConfigOptions(
    audit
      .command('checkpoint')
      .description('print a signed statement of where the log is now, to be kept where the gateway cannot reach it'),
    { json: false },
  ).action(async (options: ConfigOptions) => {
    const config = io.loadConfig(toOverrides(options));
    const installation = await openInstallation(io, config);
    const result = await installation.makeAuditCheckpoint(config, io.nowMs());
    switch (result.kind) {
      case 'made':
        return io.print(JSON.stringify(result.checkpoint, null, 2));
      case 'no_salt':
        throw new CliError(
          `There is no salt key to sign with: set ${ENVIRONMENT_NAMES.saltKey}, or name the gateway's data directory.`,
        );
      case 'no_log':
        throw noLogYet();
      case 'damaged':
        throw new CliError(
          'The end of the audit log is not as this salt key knows it, so nothing was signed. Run `latchkey audit verify`.',
        );
    }
  });
}
