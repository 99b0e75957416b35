/** Where Redis is: one address, or LiteLLM's settings and variables for its parts. */
import type { RedisConfig } from './config.ts';
import { flag, redisUrl, text, wholeNumber } from './fields.ts';
import type { OutsideReader } from './outside-settings.ts';
import type { RouterSettings } from './router-settings.ts';

interface RedisParts {
  url: string | null;
  host: string | null;
  port: number | null;
  username: string | null;
  password: string | null;
  ssl: boolean | null;
  db: number | null;
}

/** What the file says comes before the variables; in both, a whole address before its parts. Null: no Redis. */
export function buildRedis(router: RouterSettings, outside: OutsideReader): RedisConfig | null {
  const file = addressOf({
    url: router.redis_url,
    host: router.redis_host,
    port: router.redis_port,
    username: router.redis_username,
    password: router.redis_password,
    ssl: router.redis_ssl,
    db: router.redis_db,
  });
  const variables = addressOf({
    url: outside(redisUrl, 'redisUrl'),
    host: outside(text, 'redisHost'),
    port: outside(wholeNumber(1, 65_535), 'redisPort'),
    username: outside(text, 'redisUsername'),
    password: outside(text, 'redisPassword'),
    ssl: outside(flag, 'redisSsl'),
    db: outside(wholeNumber(0), 'redisDb'),
  });
  const url = file ?? variables;
  return url === null ? null : { url };
}

function addressOf({ url, host, port, username, password, ssl, db }: RedisParts): string | null {
  if (url !== null) return url;
  if (host === null) return null;
  const who = password === null ? '' : `${encodeURIComponent(username ?? '')}:${encodeURIComponent(password)}@`;
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return `${ssl === true ? 'rediss' : 'redis'}://${who}${name}:${port ?? 6379}${db === null ? '' : `/${db}`}`;
}
