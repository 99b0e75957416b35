/**
 * The configuration: everything the operator decided, read once, checked, deeply frozen. Whoever builds the
 * application takes what it needs from here; nothing else reads the environment or a configuration file.
 *
 * Secrets (`masterKey`, `sessions.adminPassword`, `alerts`, `saltKey`, `earlierSaltKeys`, `databaseUrl`, `redis`, what a deployment
 * holds) are in this value: never log it as a whole.
 */
import type { AlertChannel, AlertType } from '../core/alert-routing.ts';
import type { Weekday } from '../core/budget-window.ts';
import type { EnforcedParams } from '../core/enforced-params.ts';
import type { JsonObject } from '../core/json.ts';
import type { BudgetMode } from '../core/key.ts';
import type { KeyGenerationRules } from '../core/key-generation-rules.ts';
import type { KeyDefaults, KeyUpperBounds, OwnerUpperBounds } from '../core/key-limits.ts';
import type { Limits } from '../core/limits.ts';
import type { Deployment } from '../core/model.ts';
import type { TeamRole, UserRole } from '../core/owner-records.ts';
import type { LogRedaction } from '../core/redact-call-log.ts';
import type { ConfigPlace } from './config-problem.ts';

export interface Config {
  /** The file that was read, as it was named; null when there was none. */
  readonly file: string | null;
  /** Tells whether two configurations were read from the same text: of the file and what it includes, without variables. */
  readonly digest: string;
  readonly server: ServerConfig;
  /** `postgresql://…`, `sqlite:…` or `file:…`; null: a SQLite file in `server.dataDir`. */
  readonly databaseUrl: string | null;
  /** Prints the password for each new connection to PostgreSQL; null: the address has it. */
  readonly databasePasswordCommand: string | null;
  /** Null: none. */
  readonly redis: RedisConfig | null;
  /** Null: none was given, so the installation makes its own on first start. Otherwise begins with `sk-`. */
  readonly masterKey: string | null;
  /** What keys for sealing and vouching are derived from; null: the installation makes its own. */
  readonly saltKey: string | null;
  /** Salt keys that were in use before, besides those in the data directory. */
  readonly earlierSaltKeys: readonly string[];
  /** What `os.environ/NAME` stands for: the environment, and the file's `environment_variables` on top. */
  readonly variables: Readonly<Record<string, string>>;
  /** `DISABLE_KEY_NAME`: keys keep no mask. */
  readonly disableKeyName: boolean;
  /** In the order of the file. Includes those that cannot serve at present (`unavailable`). */
  readonly deployments: readonly Deployment[];
  readonly modelGroupAliases: readonly ModelGroupAlias[];
  readonly keyGeneration: KeyGenerationConfig;
  readonly userDefaults: UserDefaultsConfig;
  readonly teams: TeamsConfig;
  readonly general: GeneralConfig;
  readonly logging: LoggingConfig;
  readonly sessions: SessionsConfig;
  readonly metrics: MetricsConfig;
  readonly router: RouterConfig;
  readonly alerts: AlertsConfig;
  readonly log: { readonly level: LogLevel };
  /** What the operator should know although it does not stop the start. */
  readonly warnings: readonly ConfigWarning[];
}

export interface ServerConfig {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly dataDir: string;
  /** Processes that serve on the port. More than one only with PostgreSQL. */
  readonly workers: number;
  /** Below which everything is served as well: `/a/b`, or empty. */
  readonly rootPath: string;
  /** Largest request body. */
  readonly bodyLimitBytes: number;
}

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

interface RedisAccess {
  readonly username: string | null;
  readonly password: string | null;
  readonly tls: boolean;
}

/** One server, a cluster, or a primary that sentinels watch over. */
export type RedisConfig =
  | {
      readonly form: 'single';
      /** `redis://…` or `rediss://…`; holds the password. */
      readonly url: string;
    }
  | (RedisAccess & { readonly form: 'cluster'; readonly nodes: readonly RedisNode[] })
  | (RedisAccess & {
      readonly form: 'sentinel';
      readonly nodes: readonly RedisNode[];
      readonly serviceName: string;
      readonly sentinelPassword: string | null;
      readonly db: number | null;
    });

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Another name for a model group. */
export interface ModelGroupAlias {
  readonly alias: string;
  /** The group that answers. */
  readonly model: string;
  /** Callable, but not listed by /models. */
  readonly hidden: boolean;
}

/** What `litellm_settings` and `general_settings` say about every new key. */
export interface KeyGenerationConfig {
  readonly defaults: KeyDefaults;
  readonly upperBounds: KeyUpperBounds;
  /** `key_generation_settings`. */
  readonly rules: KeyGenerationRules;
  /** `enable_key_alias_format_validation`. */
  readonly strictAliases: boolean;
  /** Module that decides about new keys, `path` or `path#export`; relative paths are taken from the file that names it. */
  readonly customKeyGenerate: string | null;
}

/** A team that new users join. */
export interface DefaultTeam {
  readonly teamId: string;
  readonly role: TeamRole;
  /** Null: what the team gives its members. */
  readonly maxBudgetNanoUsd: number | null;
}

/** What `litellm_settings` says about every new user. */
export interface UserDefaultsConfig {
  readonly role: UserRole;
  /** Only what is set. */
  readonly limits: Partial<Limits>;
  readonly models: readonly string[];
  readonly teams: readonly DefaultTeam[];
  /** Teams that anybody may join by itself. */
  readonly availableTeamIds: readonly string[];
  /** For an `internal_user` whose request and defaults say nothing of a budget. */
  readonly internalUserBudget: Partial<Limits>;
  /** `upperbound_internal_user_params`. */
  readonly upperBounds: OwnerUpperBounds;
}

/** What `litellm_settings` says about teams. */
export interface TeamsConfig {
  /** `default_team_params`. Null, [] and {}: no default. */
  readonly defaults: TeamDefaults;
  /** `upperbound_team_params`. */
  readonly upperBounds: OwnerUpperBounds;
  /** `default_team_settings`. */
  readonly callbacks: readonly TeamCallbackConfig[];
  /** False with `disable_auto_add_proxy_admin_to_teams`: an administrator who makes a team is not in it. */
  readonly seatsAdmins: boolean;
}

export interface TeamDefaults {
  readonly maxBudgetNanoUsd: number | null;
  readonly budgetDuration: string | null;
  readonly maxParallelRequests: number | null;
  readonly tpmLimit: number | null;
  readonly rpmLimit: number | null;
  readonly models: readonly string[];
  readonly modelAliases: Readonly<Record<string, string>>;
  readonly organizationId: string | null;
  readonly metadata: JsonObject;
  readonly tags: readonly string[];
  readonly memberPermissions: readonly string[] | null;
  /** What each member of a new team may use up. */
  readonly memberMaxBudgetNanoUsd: number | null;
  readonly memberBudgetDuration: string | null;
  readonly memberRpmLimit: number | null;
  readonly memberTpmLimit: number | null;
}

/** Log destinations of a team that has none of its own. */
export interface TeamCallbackConfig {
  readonly teamId: string;
  readonly success: readonly string[];
  readonly failure: readonly string[];
  /** Credentials are among them. */
  readonly vars: Readonly<Record<string, string>>;
}

export interface GeneralConfig {
  /** For keys that name no mode of their own. */
  readonly budgetMode: BudgetMode;
  /** IANA name of the zone whose midnights, weeks and months budget windows follow. */
  readonly budgetTimeZone: string;
  readonly weekStart: Weekday;
  /** Budget of the whole proxy. */
  readonly maxBudgetNanoUsd: number | null;
  readonly budgetDuration: string | null;
  /** What somebody may use up on whose behalf a key calls for the first time; null: no budget. */
  readonly maxEndUserBudgetNanoUsd: number | null;
  /** The row of /budget/new whose limits hold for end users that have none of their own. */
  readonly maxEndUserBudgetId: string | null;
  readonly globalMaxParallelRequests: number | null;
  readonly rateLimitWindowMs: number;
  readonly tokenRateLimitType: 'total' | 'input' | 'output';
  /** Output that a call without `max_tokens` is expected to produce, in standard mode. */
  readonly typicalOutputTokens: number;
  /** Output that such a call can produce at most where the model's limit is unknown, in hard mode. */
  readonly hardBudgetDefaultMaxTokens: number;
  /** What one image in a prompt is taken to cost at most, in hard mode. */
  readonly hardBudgetTokensPerImage: number;
  /** Where what fills up is counted. */
  readonly counters: 'memory' | 'postgres' | 'redis';
  /** Where it is shared, each process serves from parts that are set aside for it. */
  readonly counterSlices: boolean;
  /** What happens to calls with limits while the store that they are counted in is away: refused, admitted by share, or admitted. */
  readonly countersFailMode: 'closed' | 'local' | 'open';
  /** Longest wait for an answer of Redis. */
  readonly redisTimeoutMs: number;
  /** Begins the name of every key in Redis. */
  readonly redisKeyPrefix: string;
  /** Flush the journal to the disk before an answer ends: survives power loss, costs latency. */
  readonly journalFsync: boolean;
  /** How often journalled calls go to the database. */
  readonly shipEveryMs: number;
  /** Without news of other processes' changes for this long, nothing that is cached counts. */
  readonly maxStalenessMs: number;
  /** How long known keys go on while the database does not answer. */
  readonly databaseOutageGraceMs: number;
  /** The most connections of one process's pool to PostgreSQL. */
  readonly databasePoolSize: number;
  /** What a call that was in flight during a crash costs: what it held, or nothing. */
  readonly unsettledCharge: 'hold' | 'zero';
  readonly storePromptsInSpendLogs: boolean;
  /** How long rows of calls are kept, and how often those past it are looked for, as `30d`; null: for good. */
  readonly callRetention: { readonly period: string; readonly interval: string } | null;
  /** How long the old secret keeps working after a rotation that does not say; null: not at all. As `24h`. */
  readonly rotationGracePeriod: string | null;
  /** Lower case; null: only the customary headers. */
  readonly keyHeaderName: string | null;
  /** Addresses or CIDR ranges of proxies whose `x-forwarded-for` is believed. */
  readonly trustedProxies: readonly string[];
  /** Addresses or CIDR ranges that may call at all; null: everybody. */
  readonly allowedIps: readonly string[] | null;
  /** Paths that need no key, beyond the ones that never do. */
  readonly publicRoutes: readonly string[];
  /** The routes that are served at all, beside public ones; null: every route. */
  readonly allowedRoutes: readonly string[] | null;
  /** Routes that only administrators of the proxy may call. */
  readonly adminOnlyRoutes: readonly string[];
  /** Model calls must carry `user`. */
  readonly enforceUserParam: boolean;
  /** Fields that model calls must have; null: none. */
  readonly enforcedParams: EnforcedParams | null;
  /** Model calls must not carry tags of their own. */
  readonly rejectClientTags: boolean;
  /** Headers, in lower case, in which clients name their end user; the first that is there counts. */
  readonly endUserHeaders: readonly string[];
}

/** `/metrics`. */
export interface MetricsConfig {
  /** It is for administrators; false: for everybody who can reach it. */
  readonly requireKey: boolean;
  /** Of callers and models together; what is beyond is counted in one. */
  readonly maxSeries: number;
}

/** Where calls are logged of which neither key nor team says anything. */
export interface LoggingConfig {
  /** Types of destinations, each once. */
  readonly success: readonly string[];
  readonly failure: readonly string[];
  /** The environment of log destinations: what the file says of one is in it, too. */
  readonly variables: Readonly<Record<string, string>>;
  /** Whether destinations get prompts and answers: none (false), all (true), or those that ask for it (null). */
  readonly content: boolean | null;
  /** What all destinations are told, or none, of callers and of what upstreams say. */
  readonly redaction: LogRedaction;
  /** Names, addresses and ranges where destinations of keys and teams may be, beside the public Internet. */
  readonly allowedHosts: readonly string[];
  /** What may wait on disk for them, per process. */
  readonly maxSpoolBytes: number;
}

/** Signing in to the dashboard. */
export interface SessionsConfig {
  /** The administrator's name. */
  readonly adminName: string;
  /** Null: the master key is the administrator's password. */
  readonly adminPassword: string | null;
  /** A session ends after so long without a request. */
  readonly idleMs: number;
  /** A session ends so long after signing in, whatever happens. */
  readonly absoluteMs: number;
  /** `Secure`: null: when a request comes over https. */
  readonly cookieSecure: boolean | null;
  /** The path below which browsers reach the gateway. */
  readonly cookiePath: string;
}

export interface RouterConfig {
  /** Tries after the first failed one, where a deployment says nothing else. */
  readonly numRetries: number;
  /** Longest wait for an upstream, where a deployment says nothing else. */
  readonly timeoutMs: number;
  /** Requests with tags go to deployments with one of these tags. */
  readonly enableTagFiltering: boolean;
  /** Failures within a minute after which a deployment is left alone for `cooldownMs`. */
  readonly allowedFails: number;
  readonly cooldownMs: number;
}

/** Who is told what, and how it gets there. The addresses of Slack and webhooks may be secrets. */
export interface AlertsConfig {
  /** Those that were asked for and have an address. */
  readonly channels: readonly AlertChannel[];
  readonly types: readonly AlertType[];
  readonly slackWebhookUrl: string | null;
  readonly webhookUrl: string | null;
  readonly mail: MailConfig | null;
  /** Get every alert by mail. */
  readonly mailTo: readonly string[];
  /** How often budgets, expiring keys and reports are looked at. */
  readonly checkEveryMs: number;
  /** How long before a key expires somebody is told. */
  readonly keyExpiryWarningMs: number;
  readonly spendReports: readonly ('1d' | '7d' | '30d')[];
}

export interface MailConfig {
  readonly host: string;
  readonly port: number;
  /** `tls`: from the first byte on; `starttls`: nothing is said before it; `none`: in clear, because the operator says so. */
  readonly security: 'tls' | 'starttls' | 'none';
  readonly username: string | null;
  readonly password: string | null;
  readonly sender: string;
  readonly supportContact: string | null;
  readonly logoUrl: string | null;
  /** Where people reach the gateway. */
  readonly proxyBaseUrl: string | null;
}

export interface ConfigWarning {
  readonly code:
    | 'unsupported_settings'
    | 'unsupported_provider'
    | 'incomplete_price'
    | 'alias_to_wildcard'
    | 'weak_master_key'
    | 'master_key_given_twice'
    | 'audit_always_on'
    | 'alerts_without_address'
    | 'unset_variable'
    | 'no_config_file';
  /** One sentence for the operator; holds no secret. */
  readonly message: string;
  /** Where in the files, in order. */
  readonly places: readonly ConfigPlace[];
}
