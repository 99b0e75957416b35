/** `latchkey spend export`: sums of spend as a file on standard output. */
import { type Command, Option } from 'commander';
import type { CliIo } from './cli-io.ts';
import { addClientOptions, type ClientOptions } from './command-options.ts';
import { createGatewayClient } from './gateway-client.ts';
import { toKeyAddress } from './key-address.ts';

interface ExportOptions extends ClientOptions {
  from: string;
  to: string;
  format: string;
  groupBy?: string;
  key?: string;
  user?: string;
  team?: string;
  model?: string;
  tag?: string;
}

export function addSpendExportCommand(spend: Command, io: CliIo): void {
  addClientOptions(spend.command('export').description('spend as CSV, NDJSON or FOCUS charges'), { json: false })
    .requiredOption('--from <date>', 'first day, YYYY-MM-DD, UTC')
    .requiredOption('--to <date>', 'last day, YYYY-MM-DD, UTC')
    .addOption(new Option('--format <format>', 'of the file').choices(['csv', 'ndjson', 'focus']).default('csv'))
    .option('--group-by <names>', 'day,model,key,user,team,tag,… (default day,model; with focus everything)')
    .option('--key <key>', 'only calls of this key: its key_id, alias or hash')
    .option('--user <id>', 'only calls of this user')
    .option('--team <id>', 'only calls of this team')
    .option('--model <name>', 'only calls of this model')
    .option('--tag <name>', 'only calls with this tag')
    .action(async (options: ExportOptions) => {
      const { from, to, format, groupBy, key, user, team, model, tag } = options;
      const query = {
        start_date: from,
        end_date: to,
        format,
        group_by: groupBy,
        api_key: key === undefined ? undefined : toKeyAddress(key),
        user_id: user,
        team_id: team,
        model,
        tag,
      };
      await createGatewayClient(io, options).download('/spend/export', query, io.write);
    });
}
