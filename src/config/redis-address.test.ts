import { expect, test } from 'vitest';
import { readEnvironment } from './env.ts';
import { loadConfig } from './load-config.ts';

const load = (
  env: Record<string, string>,
  router: Record<string, unknown> = {},
  litellm: Record<string, unknown> = {},
) =>
  loadConfig({
    environment: readEnvironment({ LATCHKEY_CONFIG: 'c.yaml', ...env }),
    readFile: () => JSON.stringify({ router_settings: router, litellm_settings: litellm }),
  });

test.each([
  ['nothing', {}, {}, null],
  ['an address', { REDIS_URL: 'rediss://u:p@r:1/2' }, {}, 'rediss://u:p@r:1/2'],
  ['a host', { REDIS_HOST: 'r' }, {}, 'redis://r:6379'],
  [
    'parts, with what an address has to escape',
    { REDIS_HOST: 'r', REDIS_PORT: '6380', REDIS_PASSWORD: 'p@s/s', REDIS_SSL: 'true', REDIS_DB: '3' },
    {},
    'rediss://:p%40s%2Fs@r:6380/3',
  ],
  ['an address and parts', { REDIS_URL: 'redis://a', REDIS_HOST: 'b' }, {}, 'redis://a'],
  ['the file', { REDIS_URL: 'redis://a' }, { redis_host: 'f', redis_port: 7, redis_password: 'x' }, 'redis://:x@f:7'],
  ['a variable named in the file', { MINE: 'redis://m' }, { redis_url: 'os.environ/MINE' }, 'redis://m'],
  ['an IPv6 address', { REDIS_HOST: '::1' }, {}, 'redis://[::1]:6379'],
])('Redis from %s', (_name, env: Record<string, string>, router: Record<string, unknown>, url) => {
  const config = load(env, router);
  expect(config.redis).toEqual(url === null ? null : { form: 'single', url });
  expect(config.general.counters).toBe(url === null ? 'memory' : 'redis');
});

test('what is no address of a Redis is refused without being repeated', () => {
  expect(() => load({ REDIS_URL: 'http://user:hunter2@r' })).toThrow(/^(?!.*hunter2).*REDIS_URL: expected/s);
});

test('counters in a Redis that nobody names are refused', () => {
  const read = () => 'general_settings: {counters: redis}';
  expect(() => loadConfig({ environment: readEnvironment({ LATCHKEY_CONFIG: 'c.yaml' }), readFile: read })).toThrow(
    /general_settings.counters: .*REDIS_URL/,
  );
});

const cluster = (port: number, rest: object = {}) => ({
  form: 'cluster',
  nodes: [{ host: 'n', port }],
  username: null,
  password: null,
  tls: false,
  ...rest,
});
const sentinel = (rest: object = {}) => ({
  form: 'sentinel',
  nodes: [{ host: 's', port: 26_379 }],
  serviceName: 'mine',
  sentinelPassword: null,
  username: null,
  password: null,
  tls: false,
  db: null,
  ...rest,
});

test.each([
  ['a variable', { REDIS_CLUSTER_NODES: '[{"host": "n", "port": "7001"}]' }, {}, {}, cluster(7001)],
  [
    'a variable, with a user and TLS',
    { REDIS_CLUSTER_NODES: '[{"host": "n"}]', REDIS_USERNAME: 'u', REDIS_PASSWORD: 'p', REDIS_SSL: 'true' },
    {},
    {},
    cluster(6379, { username: 'u', password: 'p', tls: true }),
  ],
  [
    'the file, with the password of a variable',
    { REDIS_PASSWORD: 'p', REDIS_HOST: 'other' },
    { redis_startup_nodes: [{ host: 'n', port: 7001 }] },
    {},
    cluster(7001, { password: 'p' }),
  ],
  ["the file's variable", { NODES: '[["n", 7002]]' }, { redis_startup_nodes: 'os.environ/NODES' }, {}, cluster(7002)],
  [
    'a cache that is switched on',
    { REDIS_URL: 'redis://other' },
    {},
    { cache: true, cache_params: { type: 'redis', redis_startup_nodes: [{ host: 'n', port: '7001' }], password: 'p' } },
    cluster(7001, { password: 'p' }),
  ],
])(
  'a cluster from %s',
  (_name, env: Record<string, string>, router: Record<string, unknown>, litellm: Record<string, unknown>, redis) => {
    const config = load(env, router, litellm);
    expect(config.redis).toEqual(redis);
    expect(config.general.counters).toBe('redis');
  },
);

test.each([
  ['variables', { REDIS_SENTINEL_NODES: '[["s", 26379]]', REDIS_SERVICE_NAME: 'mine' }, {}, {}, sentinel()],
  [
    'variables with passwords',
    {
      REDIS_SENTINEL_NODES: '[["s", 26379]]',
      REDIS_SERVICE_NAME: 'mine',
      REDIS_SENTINEL_PASSWORD: 'sp',
      REDIS_PASSWORD: 'p',
      REDIS_DB: '2',
    },
    {},
    {},
    sentinel({ sentinelPassword: 'sp', password: 'p', db: 2 }),
  ],
  [
    'the file, whose one password is for both',
    {},
    { sentinel_nodes: [{ host: 's' }], service_name: 'mine', sentinel_password: 'sp' },
    {},
    sentinel({ sentinelPassword: 'sp', password: 'sp' }),
  ],
  [
    'a cache that is switched on',
    {},
    {},
    { cache: true, cache_params: { sentinel_nodes: [['s', 26_379]], service_name: 'mine', ssl: true, ttl: 60 } },
    sentinel({ tls: true }),
  ],
])(
  'sentinels from %s',
  (_name, env: Record<string, string>, router: Record<string, unknown>, litellm: Record<string, unknown>, redis) => {
    expect(load(env, router, litellm).redis).toEqual(redis);
  },
);

test('a cache that is not switched on, or has no Redis, moves no counters, and is warned about', () => {
  const off = load({}, {}, { cache_params: { type: 'redis', host: 'r', port: 'nonsense' } });
  expect([off.redis, off.general.counters]).toEqual([null, 'memory']);
  expect(off.warnings.flatMap(({ places }) => places).map(({ path }) => path)).toEqual([
    'litellm_settings.cache_params',
  ]);
  const other = load({}, {}, { cache: true, cache_params: { type: 's3', host: 'r', s3_bucket_name: 'b' } });
  expect(other.redis).toBeNull();
  expect(other.warnings.flatMap(({ places }) => places).map(({ path }) => path)).toEqual(['litellm_settings.cache']);
});

test.each([
  ['no JSON', { REDIS_CLUSTER_NODES: 'n:7001' }, {}, /REDIS_CLUSTER_NODES: expected a list of \{host, port\}/],
  ['an empty list', {}, { redis_startup_nodes: [] }, /router_settings.redis_startup_nodes: expected a list/],
  ['a port that is none', {}, { sentinel_nodes: [['s', 70_000]] }, /router_settings.sentinel_nodes: expected a list/],
  ['sentinels without a name', { REDIS_SENTINEL_NODES: '[["s", 1]]' }, {}, /REDIS_SERVICE_NAME: is missing/],
  ['the same in the file', {}, { sentinel_nodes: [['s', 1]] }, /router_settings.service_name: is missing/],
])('%s is refused', (_name, env: Record<string, string>, router: Record<string, unknown>, message) => {
  expect(() => load(env, router)).toThrow(message);
});
