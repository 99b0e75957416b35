/** What `plan` and `apply` know about each kind of resource: its fields, and how a running gateway is told. */
import { type GatewayClient, GatewayRefused, isRecord, toRecords } from '../gateway-client.ts';

export type Fields = Readonly<Record<string, unknown>>;

export interface ResourceKind {
  /** Its section in the file. */
  section: string;
  /** One of it, in a sentence. */
  noun: string;
  /** The field that names it. */
  id: string;
  fields: readonly string[];
  /** Fields that count when it is made, and never again. */
  onlyAtFirst: readonly string[];
  /** Fields that the gateway keeps in its metadata. */
  inMetadata: readonly string[];
  /** As the gateway shows it; undefined: there is none of that name. */
  find(client: GatewayClient, name: string): Promise<Fields | undefined>;
  /** The names of all there are; those that cannot stand in a file are not among them. */
  list(client: GatewayClient): Promise<string[]>;
  create: { path: string; also?: Fields };
  update: { path: string; id?: string };
  remove: { path: string; toBody(name: string): Fields };
}

const LIMITS = [
  'max_budget',
  'soft_budget',
  'budget_duration',
  'budget_mode',
  'budget_limits',
  'model_max_budget',
  'rpm_limit',
  'tpm_limit',
  'max_parallel_requests',
] as const;
const LIMITS_BY_MODEL = ['model_rpm_limit', 'model_tpm_limit'] as const;
const PAGE = 100;
/** Rows that stand for the gateway itself. */
const OWN_USERS: ReadonlySet<string> = new Set(['default_user_id', 'litellm-proxy-budget']);

/** Nothing is linked to what comes later. */
export const RESOURCE_KINDS: readonly ResourceKind[] = [
  {
    section: 'budgets',
    noun: 'budget',
    id: 'budget_id',
    fields: [...LIMITS, ...LIMITS_BY_MODEL],
    onlyAtFirst: [],
    inMetadata: [],
    find: async (client, name) => toRecords(await client.post('/budget/info', { budgets: [name] }))[0],
    list: (client) =>
      listPages(
        (page) => client.get('/budget/list', { page, size: PAGE }),
        toRecords,
        ({ budget_id: id }) => id,
      ),
    create: { path: '/budget/new' },
    update: { path: '/budget/update' },
    remove: { path: '/budget/delete', toBody: (id) => ({ id }) },
  },
  {
    section: 'users',
    noun: 'user',
    id: 'user_id',
    fields: ['user_email', 'user_alias', 'user_role', 'models', 'metadata', 'blocked', ...LIMITS, ...LIMITS_BY_MODEL],
    onlyAtFirst: [],
    inMetadata: [],
    find: (client, name) => findOne(client, '/user/info', { user_id: name }, 'user_info'),
    list: async (client) => {
      const read = (page: number) => client.get('/user/list', { page, page_size: PAGE });
      const names = await listPages(
        read,
        (answer) => rowsOf(answer, 'users'),
        ({ user_id: id }) => id,
      );
      return names.filter((name) => !OWN_USERS.has(name));
    },
    create: { path: '/user/new', also: { auto_create_key: false } },
    update: { path: '/user/update' },
    remove: { path: '/user/delete', toBody: (id) => ({ user_ids: [id] }) },
  },
  {
    section: 'teams',
    noun: 'team',
    id: 'team_id',
    fields: [
      'team_alias',
      'organization_id',
      'budget_id',
      'models',
      'model_aliases',
      'team_member_permissions',
      'metadata',
      'blocked',
      'tags',
      'guardrails',
      'enforced_params',
      ...LIMITS,
      ...LIMITS_BY_MODEL,
    ],
    onlyAtFirst: [],
    inMetadata: ['tags', 'guardrails', 'enforced_params'],
    find: (client, name) => findOne(client, '/team/info', { team_id: name }, 'team_info'),
    list: (client) => {
      const read = (page: number) => client.get('/v2/team/list', { page, page_size: PAGE });
      return listPages(
        read,
        (answer) => rowsOf(answer, 'teams'),
        ({ team_id: id }) => id,
      );
    },
    create: { path: '/team/new' },
    update: { path: '/team/update' },
    remove: { path: '/team/delete', toBody: (id) => ({ team_ids: [id] }) },
  },
  {
    section: 'keys',
    noun: 'key',
    id: 'key_alias',
    fields: [
      'user_id',
      'team_id',
      'organization_id',
      'budget_id',
      'models',
      'aliases',
      'metadata',
      'tags',
      'guardrails',
      'enforced_params',
      'permissions',
      'allowed_routes',
      'allowed_ips',
      'allowed_cache_controls',
      'blocked',
      'auto_rotate',
      'rotation_interval',
      'duration',
      ...LIMITS,
      ...LIMITS_BY_MODEL,
      'tag_rpm_limit',
    ],
    onlyAtFirst: ['duration'],
    inMetadata: ['tags', 'guardrails', 'enforced_params', ...LIMITS_BY_MODEL, 'tag_rpm_limit'],
    find: (client, name) => findOne(client, '/key/info', { key: name }, 'info'),
    list: (client) => {
      const read = (page: number) => client.get('/key/list', { page, size: PAGE, return_full_object: 'true' });
      return listPages(
        read,
        (answer) => rowsOf(answer, 'keys'),
        ({ key_alias: alias }) => alias,
      );
    },
    create: { path: '/key/generate' },
    update: { path: '/key/update', id: 'key' },
    remove: { path: '/key/delete', toBody: (alias) => ({ key_aliases: [alias] }) },
  },
];

async function findOne(
  client: GatewayClient,
  path: string,
  query: Readonly<Record<string, string>>,
  member: string,
): Promise<Fields | undefined> {
  try {
    const answer = await client.get(path, query);
    const found = isRecord(answer) ? answer[member] : undefined;
    return isRecord(found) ? found : undefined;
  } catch (error) {
    if (error instanceof GatewayRefused && error.status === 404) return undefined;
    throw error;
  }
}

async function listPages(
  read: (page: number) => Promise<unknown>,
  toRows: (answer: unknown) => Record<string, unknown>[],
  toName: (row: Record<string, unknown>) => unknown,
): Promise<string[]> {
  const names: string[] = [];
  for (let page = 1; ; page += 1) {
    const rows = toRows(await read(page));
    for (const row of rows) {
      const name = toName(row);
      if (typeof name === 'string' && name !== '') names.push(name);
    }
    if (rows.length < PAGE) return names;
  }
}

function rowsOf(answer: unknown, member: string): Record<string, unknown>[] {
  return isRecord(answer) ? toRecords(answer[member]) : [];
}
