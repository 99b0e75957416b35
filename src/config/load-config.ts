/**
 * Flags, environment and file → one `Config`. Everything wrong is found before anything is thrown, so that one look is
 * enough to mend a file. Precedence, for whatever can be said in several places: flag, `LATCHKEY_*`, the file,
 * LiteLLM's variables (`LITELLM_MASTER_KEY`, `DATABASE_URL`, …), the default.
 */
import { sha256Hex } from '../core/key-secret.ts';
import { buildAlerts } from './build-alerts.ts';
import { buildDeployments } from './build-deployments.ts';
import {
  buildGeneral,
  buildKeyGeneration,
  buildLogging,
  buildMetrics,
  buildRouter,
  buildSessions,
  buildUpperBounds,
  buildUserDefaults,
} from './build-settings.ts';
import { cacheParams } from './cache-settings.ts';
import { checkAliases } from './check-aliases.ts';
import { checkNames } from './check-names.ts';
import { chooseMasterKey } from './choose-master-key.ts';
import { chooseWorkers, isPostgres } from './choose-workers.ts';
import { type Config, type ConfigWarning, LOG_LEVELS } from './config.ts';
import { ConfigError, type ConfigPlace, type ConfigProblem, formatPlace, sortPlaces } from './config-problem.ts';
import { formatPath, locate, type MapNode, type Path } from './config-tree.ts';
import { deepFreeze } from './deep-freeze.ts';
import { type Environment, readEnvironment } from './env.ts';
import { choice, commaList, databaseUrl, duration, flag, rootPath, seconds, text, wholeNumber } from './fields.ts';
import { findConnectionLimit } from './find-connection-limit.ts';
import { CUSTOMER_ROLE, generalSettings } from './general-settings.ts';
import { litellmSettings } from './litellm-settings.ts';
import { type ConfigOverrides, createOutsideReader } from './outside-settings.ts';
import { parseModelList, parseSection } from './parse-section.ts';
import { type ConfigDocument, type ReadFile, readDocument } from './read-document.ts';
import { buildRedis } from './redis-address.ts';
import { resolveVariables, withFileVariables } from './resolve-variables.ts';
import { routerSettings } from './router-settings.ts';
import { buildTeams } from './team-settings.ts';
import { keepUnsetDestinations, unsetWarnings } from './unset-variables.ts';

export interface LoadConfigInput {
  environment: Environment;
  overrides?: ConfigOverrides;
  /** Text of a file, or a throw with one of Node's error codes. */
  readFile: ReadFile;
}

/** Read when no file is named and there is one. */
const DEFAULT_FILE = 'config.yaml';
const BYTES_PER_MB = 1024 * 1024;
/** Enough to tell versions of a file apart. */
const DIGEST_LENGTH = 12;

/** The whole configuration, frozen. Throws a `ConfigError` that lists every problem. */
export function loadConfig({ environment, overrides = {}, readFile: read }: LoadConfigInput): Config {
  const texts = new Map<string, string>();
  const readFile: ReadFile = (path) => {
    const text = read(path);
    texts.set(path, text);
    return text;
  };
  const problems: ConfigProblem[] = [];
  const report = (problem: ConfigProblem): void => void problems.push(problem);

  const file = overrides.configFile ?? environment.settings.configFile ?? findDefaultFile(readFile);
  const document = file === null ? NO_DOCUMENT : readDocument(file, readFile, report);
  const variables = withFileVariables(document.root, environment.variables, report);
  const { root, kept } = keepUnsetDestinations(resolveVariables(document.root, variables) as MapNode);
  const { settings } = readEnvironment(variables);
  const outside = createOutsideReader(settings, overrides, report);
  const place = (...path: Path): ConfigPlace => ({
    path: formatPath(path),
    at: file === null ? null : locate(root, path),
  });

  const ineffective = checkNames(root, report);
  const general = parseSection(generalSettings, root, ['general_settings'], report) ?? generalSettings.parse({});
  const litellm = parseSection(litellmSettings, root, ['litellm_settings'], report) ?? litellmSettings.parse({});
  const router = parseSection(routerSettings, root, ['router_settings'], report) ?? routerSettings.parse({});
  if (router.routing_strategy !== null && router.routing_strategy !== 'simple-shuffle') {
    ineffective.push(place('router_settings', 'routing_strategy'));
  }

  if (general.user_header_mappings?.some(({ litellm_user_role: role }) => role !== CUSTOMER_ROLE) === true) {
    ineffective.push(place('general_settings', 'user_header_mappings'));
  }

  const host = outside(text, 'host') ?? '127.0.0.1';
  const cachePath = ['litellm_settings', 'cache_params'] as const;
  const cache = litellm.cache === true ? (parseSection(cacheParams, root, cachePath, report) ?? null) : null;
  // Answers are never cached; what a cache's Redis is good for is counting.
  if (litellm.cache === true) ineffective.push(place('litellm_settings', 'cache'));
  else if (litellm.cache_params !== null) ineffective.push(place(...cachePath));
  const redis = buildRedis({ router, cache, outside, place }, report);
  if (general.counters === 'redis' && redis === null) {
    const message =
      'counters in Redis need its address: REDIS_URL, REDIS_HOST, REDIS_CLUSTER_NODES, REDIS_SENTINEL_NODES or router_settings.redis_url';
    report({ ...place('general_settings', 'counters'), message });
  }
  const models = buildDeployments(parseModelList(root, report), { root, variables }, report);
  const aliasWarnings = checkAliases(router.model_group_alias ?? {}, root, report);
  const keyInFile = { key: general.master_key, place: place('general_settings', 'master_key') };
  const { masterKey, warnings: keyWarnings } = chooseMasterKey(settings, keyInFile, host, report);
  const database =
    outside(databaseUrl, 'databaseUrl') ?? general.database_url ?? outside(databaseUrl, 'sharedDatabaseUrl');
  const workers = chooseWorkers(outside, { databaseUrl: database, counters: general.counters }, report);
  const pathPrefix =
    outside(rootPath, 'rootPath') ?? general.server_root_path ?? outside(rootPath, 'sharedRootPath') ?? '';
  const alerting = buildAlerts(general, outside, (name) => place('general_settings', name));
  ineffective.push(...alerting.ineffective);
  const customKeyGenerate = place('general_settings', 'custom_key_generate');

  const config: Config = {
    file,
    digest: sha256Hex(JSON.stringify([...texts])).slice(0, DIGEST_LENGTH),
    server: {
      host,
      port: outside(wholeNumber(0, 65_535), 'port') ?? 4000,
      dataDir: outside(text, 'dataDir') ?? 'data',
      workers,
      rootPath: pathPrefix,
      bodyLimitBytes: (general.max_request_size_mb ?? 20) * BYTES_PER_MB,
    },
    databaseUrl: database,
    databasePasswordCommand: outside(text, 'databasePasswordCommand') ?? general.database_password_command,
    redis,
    masterKey,
    variables,
    saltKey: settings.saltKey ?? general.salt_key ?? settings.sharedSaltKey,
    earlierSaltKeys: outside(commaList, 'earlierSaltKeys') ?? general.earlier_salt_keys ?? [],
    disableKeyName: outside(flag, 'disableKeyName') ?? false,
    deployments: models.deployments,
    modelGroupAliases: Object.entries(router.model_group_alias ?? {}).map(([alias, target]) => ({
      alias,
      model: target.model,
      hidden: target.hidden ?? false,
    })),
    keyGeneration: buildKeyGeneration(general, litellm, customKeyGenerate, report),
    userDefaults: buildUserDefaults(litellm),
    teams: {
      ...buildTeams(litellm.default_team_params, litellm.default_team_settings),
      upperBounds: buildUpperBounds(litellm.upperbound_team_params),
      seatsAdmins: general.disable_auto_add_proxy_admin_to_teams !== true,
    },
    general: buildGeneral(
      general,
      litellm,
      {
        rotationGracePeriod: outside(duration, 'rotationGracePeriod'),
        sharesDatabase: isPostgres(database),
        connectionLimit: findConnectionLimit(database),
        rateLimitWindowMs: outside(seconds, 'rateLimitWindowSeconds'),
      },
      redis !== null,
    ),
    logging: buildLogging(general, litellm, variables),
    sessions: buildSessions(general, pathPrefix, { name: settings.adminName, password: settings.adminPassword }),
    metrics: buildMetrics(general, litellm, host),
    router: buildRouter(router, litellm),
    alerts: alerting.alerts,
    log: { level: outside(choice(LOG_LEVELS), 'logLevel') ?? (litellm.set_verbose === true ? 'debug' : 'info') },
    warnings: [
      ...(file === null ? [NO_FILE_WARNING] : []),
      ...keyWarnings,
      ...unsetWarnings(root, kept, database, place),
      ...models.warnings,
      ...aliasWarnings,
      ...alerting.warnings,
      ...(litellm.store_audit_logs === false ? [auditWarning(place('litellm_settings', 'store_audit_logs'))] : []),
      ...ineffectiveWarning(sortPlaces(ineffective, document.files)),
    ],
  };
  if (problems.length > 0) throw new ConfigError(sortPlaces(problems, document.files));
  return deepFreeze(config);
}

const NO_DOCUMENT: ConfigDocument = {
  root: { kind: 'map', at: { file: '', line: 1, column: 1 }, entries: new Map() },
  files: [],
};

const NO_FILE_WARNING: ConfigWarning = {
  code: 'no_config_file',
  message: `No configuration file is named and there is no ${DEFAULT_FILE} here, so there are no models.`,
  places: [],
};

function auditWarning(at: ConfigPlace): ConfigWarning {
  return {
    code: 'audit_always_on',
    message: `The audit log cannot be switched off, so ${at.path} has no effect.`,
    places: [at],
  };
}

function findDefaultFile(readFile: ReadFile): string | null {
  try {
    readFile(DEFAULT_FILE);
    return DEFAULT_FILE;
  } catch (error) {
    // Any other failure is for readDocument to report.
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? null : DEFAULT_FILE;
  }
}

function ineffectiveWarning(places: readonly ConfigPlace[]): ConfigWarning[] {
  if (places.length === 0) return [];
  const message = `These settings are known but not supported yet, so they have no effect: ${places.map(formatPlace).join(', ')}.`;
  return [{ code: 'unsupported_settings', message, places }];
}
