/** `latchkey spend`: what has been spent, in sums and call by call. */
import type { Command } from 'commander';
import type { CliIo } from './cli-io.ts';
import { addClientOptions, type ClientOptions, wholeNumber } from './command-options.ts';
import { type Column, formatFields, formatTable } from './format-table.ts';
import { showText, showTime, showUsd } from './format-value.ts';
import { createGatewayClient, isRecord, toRecords } from './gateway-client.ts';
import { toKeyAddress } from './key-address.ts';
import { addSpendExportCommand } from './spend-export.ts';

type Row = Record<string, unknown>;
interface SpendOptions extends ClientOptions {
  from?: string;
  to?: string;
  limit?: number;
  key?: string;
}

const FROM = ['--from <date>', 'first day, YYYY-MM-DD, UTC'] as const;
const TO = ['--to <date>', 'last day, YYYY-MM-DD, UTC'] as const;

export function addSpendCommands(program: Command, io: CliIo): void {
  const spend = program.command('spend').description('what has been spent');

  addClientOptions(spend.command('total', { isDefault: true }).description('everything so far')).action(
    async (options: ClientOptions) => {
      const answer = await createGatewayClient(io, options).get('/global/spend');
      if (options.json) return io.print(JSON.stringify(answer));
      const { spend: spent, max_budget: budget } = isRecord(answer) ? answer : {};
      io.print(
        formatFields([
          ['spent', showUsd(spent)],
          ['budget', showUsd(budget)],
        ]),
      );
    },
  );

  addReport(spend.command('keys').description('keys that have spent most'), io, {
    path: '/global/spend/keys',
    columns: [
      text('KEY ID', 'key_id'),
      text('ALIAS', 'key_alias'),
      text('KEY', 'key_name'),
      usd('SPENT', 'total_spend'),
    ],
    query: ({ limit }) => ({ limit }),
  }).option('--limit <n>', 'how many (default 10)', wholeNumber(1));

  addReport(spend.command('models').description('models that cost most'), io, {
    path: '/global/spend/models',
    columns: [text('MODEL', 'model'), usd('SPENT', 'total_spend')],
    query: ({ limit }) => ({ limit }),
  }).option('--limit <n>', 'how many (default 10)', wholeNumber(1));

  addReport(spend.command('tags').description('spend per tag'), io, {
    path: '/spend/tags',
    columns: [text('TAG', 'individual_request_tag'), count('CALLS', 'log_count'), usd('SPENT', 'total_spend')],
    query: ({ from, to }) => ({ start_date: from, end_date: to }),
  })
    .option(...FROM)
    .option(...TO);

  addSpendExportCommand(spend, io);

  addReport(spend.command('logs').description('calls, newest first'), io, {
    path: '/spend/logs',
    columns: [
      { title: 'TIME (UTC)', value: (row) => showTime(row.startTime) },
      text('MODEL', 'model_group'),
      {
        title: 'KEY',
        value: (row) => showText(isRecord(row.metadata) ? (row.metadata.user_api_key_alias ?? row.key_id) : row.key_id),
      },
      text('STATUS', 'status'),
      count('IN', 'prompt_tokens'),
      count('OUT', 'completion_tokens'),
      usd('SPENT', 'spend'),
      text('REQUEST', 'request_id'),
    ],
    query: ({ from, to, limit, key }) => ({
      start_date: from,
      end_date: to,
      summarize: 'false',
      limit: limit ?? 50,
      api_key: key === undefined ? undefined : toKeyAddress(key),
    }),
  })
    .option(...FROM)
    .option(...TO)
    .option('--key <key>', 'only calls of this key: its key_id, alias or hash')
    .option('--limit <n>', 'how many (default 50)', wholeNumber(1));
}

interface Report {
  path: string;
  columns: readonly Column<Row>[];
  query: (options: SpendOptions) => Record<string, string | number | undefined>;
}

function addReport(command: Command, io: CliIo, { path, columns, query }: Report): Command {
  return addClientOptions(command).action(async (options: SpendOptions) => {
    const answer = await createGatewayClient(io, options).get(path, query(options));
    if (options.json) return io.print(JSON.stringify(answer));
    const rows = toRecords(answer);
    io.print(rows.length === 0 ? 'Nothing has been spent.' : formatTable(columns, rows));
  });
}

function text(title: string, name: string): Column<Row> {
  return { title, value: (row) => showText(row[name]) };
}

function count(title: string, name: string): Column<Row> {
  return { title, value: (row) => showText(row[name]), align: 'right' };
}

function usd(title: string, name: string): Column<Row> {
  return { title, value: (row) => showUsd(row[name]), align: 'right' };
}
