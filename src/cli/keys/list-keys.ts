import { type Command, Option } from 'commander';
import type { CliIo } from '../cli-io.ts';
import { addClientOptions, type ClientOptions, wholeNumber } from '../command-options.ts';
import { formatTable } from '../format-table.ts';
import { showList, showText, showTime, showUsd } from '../format-value.ts';
import { createGatewayClient, isRecord, toRecords } from '../gateway-client.ts';
import { keyState, showBudget } from './show-key.ts';

interface ListOptions extends ClientOptions {
  page: number;
  size: number;
  alias?: string;
  userId?: string;
  teamId?: string;
  tag?: string;
  search?: string;
  status?: string;
  sortBy?: string;
  sortOrder?: string;
}

/** `latchkey keys list`: a page of keys. */
export function addListCommand(keys: Command, io: CliIo): void {
  addClientOptions(keys.command('list').description('list keys'))
    .option('--page <n>', 'which page', wholeNumber(1), 1)
    .option('--size <n>', 'keys per page, to 100', wholeNumber(1), 25)
    .option('--alias <name>', 'only the key of this name')
    .option('--user-id <id>', 'only keys of this user')
    .option('--team-id <id>', 'only keys of this team')
    .option('--tag <tag>', 'only keys with this tag')
    .option('--search <text>', 'only keys with this in their alias, key_id, mask or user')
    .addOption(
      new Option('--status <state>', 'only keys in this state').choices(['active', 'blocked', 'expired', 'deleted']),
    )
    .option('--sort-by <field>', 'spend, max_budget, created_at, key_alias, expires, last_active …')
    .addOption(new Option('--sort-order <order>', 'which end first').choices(['asc', 'desc']))
    .action(async (options: ListOptions) => {
      const answer = await createGatewayClient(io, options).get('/key/list', {
        page: options.page,
        size: options.size,
        return_full_object: 'true',
        key_alias: options.alias,
        user_id: options.userId,
        team_id: options.teamId,
        tag: options.tag,
        search: options.search,
        status: options.status,
        sort_by: options.sortBy,
        sort_order: options.sortOrder,
      });
      if (options.json) return io.print(JSON.stringify(answer));
      const { keys: rows, total_count: total, current_page: page, total_pages: pages } = isRecord(answer) ? answer : {};
      const found = toRecords(rows);
      if (found.length === 0) return io.print('No keys.');
      io.print(formatTable(toColumns(io.nowMs()), found));
      if (typeof pages === 'number' && pages > 1) io.complain(`Page ${page} of ${pages}, ${total} keys.`);
    });
}

function toColumns(nowMs: number) {
  type Key = Record<string, unknown>;
  return [
    { title: 'KEY ID', value: (key: Key) => showText(key.key_id) },
    { title: 'ALIAS', value: (key: Key) => showText(key.key_alias) },
    { title: 'KEY', value: (key: Key) => showText(key.key_name) },
    { title: 'STATE', value: (key: Key) => keyState(key, nowMs) },
    { title: 'MODELS', value: (key: Key) => showList(key.models, 'all') },
    { title: 'SPENT', value: (key: Key) => showUsd(key.spend), align: 'right' as const },
    { title: 'BUDGET', value: showBudget, align: 'right' as const },
    { title: 'RPM', value: (key: Key) => showText(key.rpm_limit), align: 'right' as const },
    { title: 'TPM', value: (key: Key) => showText(key.tpm_limit), align: 'right' as const },
    { title: 'EXPIRES (UTC)', value: (key: Key) => showTime(key.expires) },
  ];
}
