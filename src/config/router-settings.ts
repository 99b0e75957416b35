/** The `router_settings` of the file that have a meaning here. */
import { z } from 'zod';
import { flag, nodeList, optional, redisUrl, seconds, text, wholeNumber } from './fields.ts';

/** `name: group`, or `name: {model: group, hidden: true}`. */
const aliasTarget = z.preprocess(
  (value) => (typeof value === 'string' ? { model: value } : value),
  z.object(
    { model: text, hidden: optional(flag) },
    { error: 'expected the name of a model group, or a map with model and hidden' },
  ),
);

export const routerSettings = z.object({
  model_group_alias: optional(z.record(z.string(), aliasTarget, { error: 'expected a map of names and model groups' })),
  num_retries: optional(wholeNumber(0, 100)),
  timeout: optional(seconds),
  enable_tag_filtering: optional(flag),
  allowed_fails: optional(wholeNumber(0)),
  cooldown_time: optional(seconds),
  routing_strategy: optional(text),
  redis_url: optional(redisUrl),
  redis_host: optional(text),
  redis_port: optional(wholeNumber(1, 65_535)),
  redis_username: optional(text),
  redis_password: optional(text),
  redis_ssl: optional(flag),
  redis_db: optional(wholeNumber(0)),
  redis_startup_nodes: optional(nodeList(6379)),
  sentinel_nodes: optional(nodeList(26_379)),
  service_name: optional(text),
  sentinel_password: optional(text),
});

export type RouterSettings = z.output<typeof routerSettings>;
