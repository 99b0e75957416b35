import type { Command } from 'commander';
import { CliError, type CliIo } from '../cli-io.ts';
import { addClientOptions, type ClientOptions } from '../command-options.ts';
import { createGatewayClient, isRecord } from '../gateway-client.ts';
import { toKeyAddress } from '../key-address.ts';
import { addKeyFlags, type KeyFlags, toKeyFields } from './key-flags.ts';
import { showKey } from './show-key.ts';

/** `latchkey keys update KEY`: changes what is named and nothing else. */
export function addUpdateCommand(keys: Command, io: CliIo): void {
  const update = keys.command('update').description('change a key; "none" clears a value');
  addClientOptions(addKeyFlags(update.argument('<key>', 'key_id, alias or hash'))).action(
    async (key: string, options: ClientOptions & KeyFlags) => {
      const fields = toKeyFields(options);
      if (Object.keys(fields).length === 0)
        throw new CliError('Nothing to change: name at least one field, as in --rpm 10.', 2);
      const answer = await createGatewayClient(io, options).post('/key/update', { key: toKeyAddress(key), ...fields });
      if (options.json) return io.print(JSON.stringify(answer));
      io.print(showKey(isRecord(answer) ? answer : {}, io.nowMs()));
    },
  );
}
