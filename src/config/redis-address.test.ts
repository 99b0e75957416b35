import { expect, test } from 'vitest';
import { readEnvironment } from './env.ts';
import { loadConfig } from './load-config.ts';

const load = (env: Record<string, string>, router: Record<string, unknown> = {}) =>
  loadConfig({
    environment: readEnvironment({ LATCHKEY_CONFIG: 'c.yaml', ...env }),
    readFile: () => JSON.stringify({ router_settings: router }),
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
  expect(config.redis?.url ?? null).toBe(url);
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
