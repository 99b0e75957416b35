/**
 * LiteLLM's `litellm_settings.cache_params`. Answers are not cached here; but the Redis that they would be cached in is
 * where LiteLLM counts limits, too, and so it is here, where the cache is switched on.
 */
import { z } from 'zod';
import { flag, nodeList, optional, redisUrl, text, wholeNumber } from './fields.ts';

export const cacheParams = z.object({
  type: optional(text),
  url: optional(redisUrl),
  host: optional(text),
  port: optional(wholeNumber(1, 65_535)),
  username: optional(text),
  password: optional(text),
  ssl: optional(flag),
  db: optional(wholeNumber(0)),
  redis_startup_nodes: optional(nodeList(6379)),
  sentinel_nodes: optional(nodeList(26_379)),
  service_name: optional(text),
  sentinel_password: optional(text),
});

export type CacheParams = z.output<typeof cacheParams>;
