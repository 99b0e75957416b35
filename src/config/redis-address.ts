/** Where Redis is: one address, the nodes of a cluster, sentinels, or LiteLLM's settings and variables for the parts of an address. */
import type { CacheParams } from './cache-settings.ts';
import type { RedisConfig, RedisNode } from './config.ts';
import type { ConfigPlace, Report } from './config-problem.ts';
import { ENVIRONMENT_NAMES } from './env.ts';
import { flag, nodeList, redisUrl, text, wholeNumber } from './fields.ts';
import type { OutsideReader } from './outside-settings.ts';
import type { RouterSettings } from './router-settings.ts';

interface RedisParts {
  url: string | null;
  clusterNodes: RedisNode[] | null;
  sentinelNodes: RedisNode[] | null;
  serviceName: string | null;
  sentinelPassword: string | null;
  host: string | null;
  port: number | null;
  username: string | null;
  password: string | null;
  ssl: boolean | null;
  db: number | null;
}

interface RedisSources {
  router: RouterSettings;
  /** Null: there is no cache, or it is switched off. */
  cache: CacheParams | null;
  outside: OutsideReader;
  place(...path: string[]): ConfigPlace;
}

/**
 * What the file says comes before the variables: the router's settings, then a cache's. In each a whole address comes first,
 * then a cluster, sentinels, a host. Nodes may be in the file and their password in a variable. Null: no Redis.
 */
export function buildRedis({ router, cache, outside, place }: RedisSources, report: Report): RedisConfig | null {
  const variables: RedisParts = {
    url: outside(redisUrl, 'redisUrl'),
    clusterNodes: outside(nodeList(6379), 'redisClusterNodes'),
    sentinelNodes: outside(nodeList(26_379), 'redisSentinelNodes'),
    serviceName: outside(text, 'redisServiceName'),
    sentinelPassword: outside(text, 'redisSentinelPassword'),
    host: outside(text, 'redisHost'),
    port: outside(wholeNumber(1, 65_535), 'redisPort'),
    username: outside(text, 'redisUsername'),
    password: outside(text, 'redisPassword'),
    ssl: outside(flag, 'redisSsl'),
    db: outside(wholeNumber(0), 'redisDb'),
  };
  const sources: { parts: RedisParts; serviceNameAt: ConfigPlace }[] = [
    { parts: toParts(router), serviceNameAt: place('router_settings', 'service_name') },
    { parts: toCacheParts(cache), serviceNameAt: place('litellm_settings', 'cache_params', 'service_name') },
    { parts: variables, serviceNameAt: { path: ENVIRONMENT_NAMES.redisServiceName, at: null } },
  ];
  for (const { parts, serviceNameAt } of sources) {
    const found = addressOf(parts, variables);
    if (found === 'no service name') {
      report({ ...serviceNameAt, message: 'is missing: sentinels are asked for a primary by its name' });
      return null;
    }
    if (found !== null) return found;
  }
  return null;
}

function addressOf(parts: RedisParts, variables: RedisParts): RedisConfig | 'no service name' | null {
  if (parts.url !== null) return { form: 'single', url: parts.url };
  const access = {
    username: parts.username ?? variables.username,
    password: parts.password ?? variables.password,
    tls: parts.ssl ?? variables.ssl ?? false,
  };
  if (parts.clusterNodes !== null) return { form: 'cluster', nodes: parts.clusterNodes, ...access };
  if (parts.sentinelNodes !== null) {
    const serviceName = parts.serviceName ?? variables.serviceName;
    if (serviceName === null) return 'no service name';
    const sentinelPassword = parts.sentinelPassword ?? variables.sentinelPassword;
    return {
      form: 'sentinel',
      nodes: parts.sentinelNodes,
      serviceName,
      sentinelPassword,
      ...access,
      // As with LiteLLM.
      password: access.password ?? sentinelPassword,
      db: parts.db ?? variables.db,
    };
  }
  return parts.host === null ? null : { form: 'single', url: toUrl(parts.host, parts) };
}

function toUrl(host: string, { port, username, password, ssl, db }: RedisParts): string {
  const who = password === null ? '' : `${encodeURIComponent(username ?? '')}:${encodeURIComponent(password)}@`;
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return `${ssl === true ? 'rediss' : 'redis'}://${who}${name}:${port ?? 6379}${db === null ? '' : `/${db}`}`;
}

function toParts(router: RouterSettings): RedisParts {
  return {
    url: router.redis_url,
    clusterNodes: router.redis_startup_nodes,
    sentinelNodes: router.sentinel_nodes,
    serviceName: router.service_name,
    sentinelPassword: router.sentinel_password,
    host: router.redis_host,
    port: router.redis_port,
    username: router.redis_username,
    password: router.redis_password,
    ssl: router.redis_ssl,
    db: router.redis_db,
  };
}

/** A cache of another type has no Redis, whatever its `host` is. */
function toCacheParts(cache: CacheParams | null): RedisParts {
  const redis = cache === null || (cache.type ?? 'redis') === 'redis' ? cache : null;
  return {
    url: redis?.url ?? null,
    clusterNodes: redis?.redis_startup_nodes ?? null,
    sentinelNodes: redis?.sentinel_nodes ?? null,
    serviceName: redis?.service_name ?? null,
    sentinelPassword: redis?.sentinel_password ?? null,
    host: redis?.host ?? null,
    port: redis?.port ?? null,
    username: redis?.username ?? null,
    password: redis?.password ?? null,
    ssl: redis?.ssl ?? null,
    db: redis?.db ?? null,
  };
}
