/** What one key opens to its holder that another does not, told by what `/key/info` shows of both. */
import { isIpInRanges } from '../../../src/core/ip-range.ts';
import { isModelAllowed } from '../../../src/core/model-access.ts';
import { isRouteAllowed } from '../../../src/core/route-access.ts';

// biome-ignore lint/suspicious/noExplicitAny: an answer's row, looked into field by field.
export type KeyInfo = Record<string, any>;

export interface Comparison {
  /** The key before it was changed: what stays as it was is nobody's doing. */
  before: KeyInfo | null;
  isAdmin: boolean;
  /** Of a team or organisation: may choose where its keys' logs go. */
  isManager: boolean;
}

const MODELS = ['gpt-4', 'mock-gpt', 'gpt-3.5-turbo', 'something-else'];
const ROUTES = [
  ['/v1/chat/completions', 'llm'],
  ['/key/info', 'info'],
  ['/key/generate', 'management'],
  ['/model/new', 'management'],
] as const;
const ADDRESSES = ['127.0.0.1', '127.9.9.9', '10.1.2.3', '192.0.2.1', '2001:db8::1'];
const DAYS = [1, 2, 7, 8, 30, 31, 365];
const COUNTS = ['rpm_limit', 'tpm_limit', 'max_parallel_requests'] as const;
const COUNTS_BY_NAME = ['model_rpm_limit', 'model_tpm_limit', 'tag_rpm_limit'] as const;
const LENGTH_IN_DAYS: Record<string, number> = { '1d': 1, '7d': 7, '1mo': 30 };
const ROWS: Record<string, KeyInfo> = {
  wide: { rpm_limit: 1000, max_budget: 1000 },
  tight: { rpm_limit: 1, max_budget: 1 },
};

const ORGANIZATIONS: Record<string, string> = { ours: 'acme' };

/** The names of what the key has beyond its maker. */
export function findExcess(maker: KeyInfo, key: KeyInfo, comparison: Comparison): string[] {
  const { before, isAdmin } = comparison;
  const found: string[] = [];
  const check = (name: string, read: (info: KeyInfo) => unknown, isWithin: () => boolean): void => {
    if (before !== null && JSON.stringify(read(before)) === JSON.stringify(read(key))) return;
    if (!isWithin()) found.push(name);
  };
  check(
    'models',
    (info) => [info.models, info.aliases],
    () =>
      MODELS.every((name) => [maker, before].some((had) => had !== null && reaches(had, name)) || !reaches(key, name)),
  );
  check(
    'routes',
    (info) => info.allowed_routes,
    () => {
      return ROUTES.every(
        ([route, group]) =>
          isRouteAllowed(maker.allowed_routes, route, group) || !isRouteAllowed(key.allowed_routes, route, group),
      );
    },
  );
  check(
    'allowed_ips',
    (info) => info.allowed_ips,
    () => ADDRESSES.every((ip) => opens(maker, ip) || !opens(key, ip)),
  );
  check('budget', budgetsOf, () => DAYS.every((days) => mostIn(key, days) <= mostIn(maker, days)));
  for (const name of COUNTS) {
    check(
      name,
      (info) => countOf(info, name),
      () => countOf(key, name) <= countOf(maker, name),
    );
  }
  for (const name of COUNTS_BY_NAME) {
    const of = (info: KeyInfo): Record<string, number> => info.metadata[name] ?? {};
    check(name, of, () => Object.entries(of(maker)).every(([limited, most]) => (of(key)[limited] ?? Infinity) <= most));
  }
  check(
    'model_max_budget',
    (info) => info.model_max_budget,
    () => {
      return Object.entries(maker.model_max_budget as Record<string, KeyInfo>).every(([model, most]) => {
        const own = key.model_max_budget[model];
        return own !== undefined && DAYS.every((days) => modelMostIn(own, days) <= modelMostIn(most, days));
      });
    },
  );
  check(
    'duration',
    (info) => info.expires,
    () => endOf(key) <= endOf(maker),
  );
  check(
    'team_id',
    (info) => info.team_id,
    () => maker.team_id === null || key.team_id === maker.team_id,
  );
  check('organization_id', organizationOf, () => {
    return organizationOf(maker) === null || organizationOf(key) === organizationOf(maker);
  });
  const rowOfCustomers = ({ metadata }: KeyInfo) => metadata.end_user_budget_id ?? null;
  check('end_user_budget_id', rowOfCustomers, () => {
    if (rowOfCustomers(key) === rowOfCustomers(maker)) return true;
    return rowOfCustomers(maker) === null && (isAdmin || comparison.isManager);
  });
  const mayName = isAdmin || comparison.isManager;
  check(
    'user_id',
    (info) => info.user_id,
    () => mayName || key.user_id === null || key.user_id === maker.user_id,
  );
  for (const name of ['tags', 'guardrails', 'enforced_params', 'logging']) {
    const of = (info: KeyInfo) => texts(info.metadata[name]);
    check(name, of, () => of(maker).every((item) => of(key).includes(item)));
  }
  const forbidden = Object.entries(maker.permissions).filter(([, value]) => value === false);
  check(
    'permissions',
    (info) => info.permissions,
    () => forbidden.every(([name]) => key.permissions[name] === false),
  );
  if (isAdmin) return found;
  const had = new Set([...grantsOf(maker, comparison), ...(before === null ? [] : grantsOf(before, comparison))]);
  return [...found, ...grantsOf(key, comparison).filter((grant) => !had.has(grant))];
}

/** Its own, or that of its team. */
function organizationOf({ organization_id: own, team_id: team }: KeyInfo): string | null {
  return own ?? ORGANIZATIONS[team as string] ?? null;
}

/** Under any name that the key has for it. */
function reaches({ models, aliases }: KeyInfo, model: string): boolean {
  const asked = [
    ...(model in aliases ? [] : [model]),
    ...Object.keys(aliases).filter((name) => aliases[name] === model),
  ];
  return asked.some((requested) => {
    return isModelAllowed({ requested, resolved: model, allowed: models, accessGroupsOf: () => [], teamModels: null });
  });
}

function opens({ allowed_ips: ranges }: KeyInfo, ip: string): boolean {
  return ranges.length === 0 || isIpInRanges(ranges, ip);
}

function rowOf({ budget_id: id }: KeyInfo): KeyInfo {
  return ROWS[id as string] ?? {};
}

function countOf(info: KeyInfo, name: string): number {
  return info[name] ?? rowOf(info)[name] ?? Number.POSITIVE_INFINITY;
}

function budgetsOf(info: KeyInfo): [number, string | null][] {
  const own = info.max_budget ?? rowOf(info).max_budget ?? null;
  const raise = info.metadata.temp_budget_expiry === undefined ? 0 : (info.metadata.temp_budget_increase ?? 0);
  const limits = (info.budget_limits ?? []).map((limit: KeyInfo) => [limit.max_budget, limit.budget_duration]);
  return own === null ? limits : [[own + raise, info.budget_duration], ...limits];
}

/** The most that the key can spend in so many days that begin with its windows. */
function mostIn(info: KeyInfo, days: number): number {
  return Math.min(...budgetsOf(info).map(([amount, duration]) => amount * windowsIn(duration, days)));
}

function modelMostIn(budget: KeyInfo, days: number): number {
  return budget.budget_limit * windowsIn(budget.time_period, days);
}

function windowsIn(duration: string | null | undefined, days: number): number {
  return duration == null ? 1 : Math.ceil(days / (LENGTH_IN_DAYS[duration] as number));
}

function endOf({ expires }: KeyInfo): number {
  return expires === null ? Number.POSITIVE_INFINITY : Date.parse(expires);
}

function grantsOf(info: KeyInfo, { isManager }: Comparison): string[] {
  const { permissions, metadata, object_permission: objects, access_group_ids: groups, budget_id: row } = info;
  const sinks = texts(metadata.logging).filter((sink) => !isManager || sink.includes('os.environ/'));
  return [
    ...Object.entries(permissions).map((entry) => `permission ${entry}`),
    ...(metadata.allow_client_mock_response ? ['allow_client_mock_response'] : []),
    ...(metadata.temp_budget_increase === undefined ? [] : ['temp_budget_increase']),
    ...Object.entries(objects ?? {}).flatMap(([name, items]) => texts(items).map((item) => `${name} ${item}`)),
    ...texts(groups).map((group) => `group ${group}`),
    ...(row in ROWS ? [`budget ${row}`] : []),
    ...sinks,
  ];
}

function texts(list: unknown): string[] {
  return Array.isArray(list) ? list.map((item) => JSON.stringify(item)) : [];
}
