import type { Command } from 'commander';
import type { CliIo } from '../cli-io.ts';
import { addClientOptions, type ClientOptions } from '../command-options.ts';
import { createGatewayClient, isRecord } from '../gateway-client.ts';
import { addKeyFlags, type KeyFlags, toKeyFields } from './key-flags.ts';
import { showKey } from './show-key.ts';

/** `latchkey keys create`: prints the secret, for the only time, then what the key may do. */
export function addCreateCommand(keys: Command, io: CliIo): void {
  addClientOptions(addKeyFlags(keys.command('create').description('make a key'))).action(
    async (options: ClientOptions & KeyFlags) => {
      const answer = await createGatewayClient(io, options).post('/key/generate', toKeyFields(options));
      if (options.json) return io.print(JSON.stringify(answer));
      printNewSecret(io, answer);
    },
  );
}

/** The secret alone on the first line, so that `head -1` gets it. */
export function printNewSecret(io: CliIo, answer: unknown): void {
  const key = isRecord(answer) ? answer : {};
  io.print(`${key.key}\n\n${showKey(key, io.nowMs())}`);
  io.complain('The first line is the secret. It is not stored and will not be shown again.');
}
