/** `latchkey master-key rotate`: a new master key for an installation that keeps its own. */
import type { Command } from 'commander';
import { CliError, type CliIo } from './cli-io.ts';
import { addConfigOptions, type ConfigOptions, toOverrides } from './command-options.ts';

export function addMasterKeyCommand(program: Command, io: CliIo): void {
  const masterKey = program.command('master-key').description('the key that opens everything');
  addConfigOptions(masterKey.command('rotate').description('make a new master key; the old one stops working')).action(
    async (options: ConfigOptions) => {
      const config = io.loadConfig(toOverrides(options));
      if (config.masterKey !== null) {
        throw new CliError(
          'The master key is set by the configuration or the environment: change it there and restart the gateway.',
        );
      }
      const installation = await io.loadInstallation();
      const secret = await installation.replaceMasterKey(config);
      io.print(options.json ? JSON.stringify({ master_key: secret }) : secret);
      io.complain('This is the new master key. It is not stored and will not be shown again.');
    },
  );
}
