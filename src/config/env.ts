/**
 * The environment, read in one place. A variable that is set to nothing counts as not set (compose files and CI
 * systems pass empty ones along). Values are text as given; `loadConfig` checks them together with the file's.
 */

export interface Environment {
  /** Every variable that is set: what `os.environ/NAME` and a provider's customary key refer to. Holds secrets. */
  readonly variables: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<EnvironmentSetting, string | null>>;
}

/** Setting → the variable that holds it. */
export const ENVIRONMENT_NAMES = {
  configFile: 'LATCHKEY_CONFIG',
  host: 'LATCHKEY_HOST',
  port: 'LATCHKEY_PORT',
  dataDir: 'LATCHKEY_DATA_DIR',
  logLevel: 'LATCHKEY_LOG_LEVEL',
  workers: 'LATCHKEY_WORKERS',
  masterKey: 'LATCHKEY_MASTER_KEY',
  saltKey: 'LATCHKEY_SALT_KEY',
  earlierSaltKeys: 'LATCHKEY_EARLIER_SALT_KEYS',
  databaseUrl: 'LATCHKEY_DATABASE_URL',
  databasePasswordCommand: 'LATCHKEY_DATABASE_PASSWORD_COMMAND',
  rootPath: 'LATCHKEY_ROOT_PATH',
  // LiteLLM's names. As there, what the file says comes before them.
  sharedMasterKey: 'LITELLM_MASTER_KEY',
  sharedSaltKey: 'LITELLM_SALT_KEY',
  sharedDatabaseUrl: 'DATABASE_URL',
  sharedWorkers: 'NUM_WORKERS',
  sharedRootPath: 'SERVER_ROOT_PATH',
  disableKeyName: 'DISABLE_KEY_NAME',
  rotationGracePeriod: 'LITELLM_KEY_ROTATION_GRACE_PERIOD',
  rateLimitWindowSeconds: 'LITELLM_RATE_LIMIT_WINDOW_SIZE',
  slackWebhookUrl: 'SLACK_WEBHOOK_URL',
  webhookUrl: 'WEBHOOK_URL',
  smtpHost: 'SMTP_HOST',
  smtpPort: 'SMTP_PORT',
  smtpUsername: 'SMTP_USERNAME',
  smtpPassword: 'SMTP_PASSWORD',
  smtpTls: 'SMTP_TLS',
  smtpSenderEmail: 'SMTP_SENDER_EMAIL',
  emailSupportContact: 'EMAIL_SUPPORT_CONTACT',
  emailLogoUrl: 'EMAIL_LOGO_URL',
  proxyBaseUrl: 'PROXY_BASE_URL',
  redisUrl: 'REDIS_URL',
  redisHost: 'REDIS_HOST',
  redisPort: 'REDIS_PORT',
  redisUsername: 'REDIS_USERNAME',
  redisPassword: 'REDIS_PASSWORD',
  redisSsl: 'REDIS_SSL',
  redisDb: 'REDIS_DB',
  redisClusterNodes: 'REDIS_CLUSTER_NODES',
  redisSentinelNodes: 'REDIS_SENTINEL_NODES',
  redisServiceName: 'REDIS_SERVICE_NAME',
  redisSentinelPassword: 'REDIS_SENTINEL_PASSWORD',
  adminName: 'UI_USERNAME',
  adminPassword: 'UI_PASSWORD',
  // For the commands that talk to a running gateway.
  url: 'LATCHKEY_URL',
  apiKey: 'LATCHKEY_API_KEY',
} as const;

export type EnvironmentSetting = keyof typeof ENVIRONMENT_NAMES;

/** Reads a set of variables, by default the process's. The only function in the product that does. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>> = process.env): Environment {
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined && value !== '') variables[name] = value;
  const settings = Object.fromEntries(
    Object.entries(ENVIRONMENT_NAMES).map(([setting, name]) => [setting, findVariable(variables, name) ?? null]),
  ) as Record<EnvironmentSetting, string | null>;
  return { variables, settings };
}

/** The value of a variable; undefined when it is not set. */
export function findVariable(variables: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(variables, name) ? variables[name] : undefined;
}
