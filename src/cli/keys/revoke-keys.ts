import type { Command } from 'commander';
import type { CliIo } from '../cli-io.ts';
import { addClientOptions, type ClientOptions } from '../command-options.ts';
import { createGatewayClient } from '../gateway-client.ts';
import { toKeyAddress } from '../key-address.ts';
import { printNewSecret } from './create-key.ts';

const KEY = 'key_id, alias or hash';

/** `latchkey keys block | unblock | rotate | rollback | delete`: what ends a key, or its secret, and what brings it back. */
export function addKeyRevocationCommands(keys: Command, io: CliIo): void {
  addBlockCommand(keys, io, 'block', 'blocked', 'refuse a key from now on, and end its open streams');
  addBlockCommand(keys, io, 'unblock', 'unblocked', 'let a blocked key call again');

  addClientOptions(keys.command('rotate').description('give a key a new secret').argument('<key>', KEY))
    .option('--grace-period <time>', 'how long the old secret goes on working: 1h, 7d … (default: not at all)')
    .action(async (key: string, options: ClientOptions & { gracePeriod?: string }) => {
      const body = {
        key: toKeyAddress(key),
        ...(options.gracePeriod === undefined ? {} : { grace_period: options.gracePeriod }),
      };
      const answer = await createGatewayClient(io, options).post('/key/regenerate', body);
      if (options.json) return io.print(JSON.stringify(answer));
      printNewSecret(io, answer);
    });

  addClientOptions(
    keys.command('rollback').description('undo a rotation while the old secret still works').argument('<key>', KEY),
  ).action(async (key: string, options: ClientOptions) => {
    const path = `/key/${encodeURIComponent(toKeyAddress(key))}/rollback`;
    const answer = await createGatewayClient(io, options).post(path, {});
    io.print(options.json ? JSON.stringify(answer) : 'The old secret stands again; the new one is dead.');
  });

  addClientOptions(keys.command('delete').description('delete keys: all or none').argument('<keys...>', KEY)).action(
    async (names: string[], options: ClientOptions) => {
      const answer = await createGatewayClient(io, options).post('/key/delete', { keys: names.map(toKeyAddress) });
      io.print(
        options.json
          ? JSON.stringify(answer)
          : `${names.length === 1 ? '1 key is' : `${names.length} keys are`} deleted.`,
      );
    },
  );
}

function addBlockCommand(keys: Command, io: CliIo, verb: 'block' | 'unblock', done: string, help: string): void {
  addClientOptions(keys.command(verb).description(help).argument('<key>', KEY)).action(
    async (key: string, options: ClientOptions) => {
      const answer = await createGatewayClient(io, options).post(`/key/${verb}`, { key: toKeyAddress(key) });
      io.print(options.json ? JSON.stringify(answer) : `The key is ${done}.`);
    },
  );
}
