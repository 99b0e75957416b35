import type { Command } from 'commander';
import type { CliIo } from '../cli-io.ts';
import { addClientOptions, type ClientOptions } from '../command-options.ts';
import { createGatewayClient, isRecord } from '../gateway-client.ts';
import { toKeyAddress } from '../key-address.ts';
import { showKey } from './show-key.ts';

/** `latchkey keys info KEY`. */
export function addInfoCommand(keys: Command, io: CliIo): void {
  addClientOptions(keys.command('info').description('show a key').argument('<key>', 'key_id, alias or hash')).action(
    async (key: string, options: ClientOptions) => {
      const answer = await createGatewayClient(io, options).get('/key/info', { key: toKeyAddress(key) });
      if (options.json) return io.print(JSON.stringify(answer));
      const info = isRecord(answer) && isRecord(answer.info) ? answer.info : {};
      io.print(showKey(info, io.nowMs()));
    },
  );
}
