/** Sums of spend as a file: a table for spreadsheets, a line of JSON for each, or FOCUS charges. */
import { z } from 'zod';
import { GatewayError } from '../../core/gateway-error.ts';
import { toUsd, toUsdText } from '../../core/money.ts';
import type { UsageDimension, UsageRow } from '../../management/spend/spend-management.ts';
import type { UsageNames } from '../../management/spend/usage-names.ts';
import { toMetrics } from './activity.ts';
import { toCsvLine } from './csv.ts';
import { FOCUS_ALWAYS, FOCUS_COLUMNS, FOCUS_DIMENSIONS, toFocusCharge } from './focus.ts';
import { DAY_SHAPE, optionalText } from './usage-query.ts';

const GROUPS = [
  'day',
  'model',
  'model_group',
  'provider',
  'key',
  'user',
  'team',
  'organization',
  'end_user',
  'tag',
] as const satisfies readonly UsageDimension[];
type Group = (typeof GROUPS)[number];

export const UsageExportQuery = z.object({
  ...DAY_SHAPE,
  format: z.enum(['csv', 'ndjson', 'focus']).default('csv'),
  group_by: optionalText.describe(
    `Comma-separated: ${GROUPS.join(', ')}. Absent: day,model; with focus everything. By tag a call counts under each of its tags.`,
  ),
  api_key: optionalText.describe('A key by its secret, hash, key_id or alias.'),
  user_id: optionalText,
  team_id: optionalText,
  organization_id: optionalText,
  end_user: optionalText,
  model: optionalText,
  tag: optionalText,
});
type Format = z.output<typeof UsageExportQuery>['format'];

export interface UsageExport {
  contentType: string;
  fileName: string;
  by: readonly UsageDimension[];
  header: string;
  toLine(row: UsageRow, names: UsageNames): string;
}

/** Throws bad_request naming group_by. */
export function planExport(format: Format, groupBy: string | undefined): UsageExport {
  const groups = parseGroups(groupBy);
  if (format === 'focus') {
    const asked: readonly UsageDimension[] =
      groups?.map((group) => (group === 'tag' ? 'tags' : group)) ?? FOCUS_DIMENSIONS;
    return {
      contentType: 'text/csv; charset=utf-8',
      fileName: 'spend-focus.csv',
      by: [...new Set([...FOCUS_ALWAYS, ...asked])],
      header: toCsvLine(FOCUS_COLUMNS),
      toLine: (row, names) => {
        const charge = toFocusCharge(row, names);
        return toCsvLine(FOCUS_COLUMNS.map((column) => charge[column]));
      },
    };
  }
  const by = groups ?? ['day', 'model'];
  const describe = (row: UsageRow, names: UsageNames): Record<string, string | number | null> => ({
    ...Object.assign({}, ...by.map((group) => describeGroup(group, row, names))),
    ...toExactMetrics(row, format),
  });
  if (format === 'ndjson') {
    return {
      contentType: 'application/x-ndjson; charset=utf-8',
      fileName: 'spend.ndjson',
      by,
      header: '',
      toLine: (row, names) => `${JSON.stringify(describe(row, names))}\n`,
    };
  }
  return {
    contentType: 'text/csv; charset=utf-8',
    fileName: 'spend.csv',
    by,
    header: toCsvLine(Object.keys(describe(EMPTY_ROW, NO_NAMES))),
    toLine: (row, names) => toCsvLine(Object.values(describe(row, names))),
  };
}

/** Days come first where they are asked for: the export goes through them one by one. */
function parseGroups(text: string | undefined): Group[] | undefined {
  if (text === undefined) return undefined;
  const asked = text.split(',').map((name) => name.trim());
  const unknown = asked.find((name) => !GROUPS.some((group) => group === name));
  if (unknown !== undefined) {
    const message = `group_by knows ${GROUPS.join(', ')}, separated by commas, and not '${unknown.slice(0, 100)}'.`;
    throw new GatewayError('bad_request', message, { param: 'group_by' });
  }
  const groups = [...new Set(asked as Group[])];
  return groups.includes('day') ? ['day', ...groups.filter((group) => group !== 'day')] : groups;
}

function describeGroup(group: Group, row: UsageRow, names: UsageNames): Record<string, string | null> {
  switch (group) {
    case 'key': {
      const key = names.keys.get(row.keyId);
      return { key_id: row.keyId || null, key_alias: key?.alias ?? null, key_name: key?.mask ?? null };
    }
    case 'user':
      return { user_id: row.userId || null, user_alias: names.users.get(row.userId) ?? null };
    case 'team':
      return { team_id: row.teamId || null, team_alias: names.teams.get(row.teamId) ?? null };
    case 'organization':
      return {
        organization_id: row.organizationId || null,
        organization_alias: names.organizations.get(row.organizationId) ?? null,
      };
    case 'end_user':
      return { end_user: row.endUser || null };
    case 'model_group':
      return { model_group: row.modelGroup || null };
    case 'provider':
      return { provider: row.provider || null };
    case 'tag':
      return { tag: row.tag || null };
    case 'day':
      return { day: row.day };
    case 'model':
      return { model: row.model };
  }
}

/** Calls, tokens and dollars; a table has the dollars as a plain decimal, however few they are. */
function toExactMetrics(row: UsageRow, format: Format): Record<string, string | number> {
  const { spend: _rounded, ...counts } = toMetrics([row]);
  return { ...counts, spend: format === 'ndjson' ? toUsd(row.spendNanoUsd) : toUsdText(row.spendNanoUsd) };
}

const EMPTY_ROW: UsageRow = {
  day: '',
  keyId: '',
  keyHash: '',
  userId: '',
  teamId: '',
  organizationId: '',
  endUser: '',
  model: '',
  modelGroup: '',
  provider: '',
  tag: '',
  tags: [],
  calls: 0,
  failures: 0,
  promptTokens: 0,
  completionTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  spendNanoUsd: 0,
};
const NO_NAMES: UsageNames = {
  keys: new Map(),
  teams: new Map(),
  organizations: new Map(),
  users: new Map(),
  emails: new Map(),
  customers: new Map(),
};
