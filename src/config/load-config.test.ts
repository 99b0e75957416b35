import { describe, expect, test } from 'vitest';
import type { Config } from './config.ts';
import { ConfigError } from './config-problem.ts';
import { readEnvironment } from './env.ts';
import { loadConfig } from './load-config.ts';
import type { ConfigOverrides } from './outside-settings.ts';

interface Setup {
  env?: Record<string, string>;
  overrides?: ConfigOverrides;
  files?: Record<string, string>;
}

function load(yaml: string, { env = {}, overrides = {}, files = {} }: Setup = {}): Config {
  const all: Record<string, string> = { 'config.yaml': yaml, ...files };
  return loadConfig({
    environment: readEnvironment(env),
    overrides,
    readFile: (path) => {
      const text = all[path];
      if (text === undefined) throw Object.assign(new Error(`ENOENT ${path}`), { code: 'ENOENT' });
      return text;
    },
  });
}

function problemsOf(yaml: string, setup: Setup = {}): string[] {
  try {
    load(yaml, setup);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  return [];
}

const lines = (...text: string[]): string => text.join('\n');
const model = (...params: string[]): string =>
  lines('model_list:', '  - model_name: m', '    litellm_params:', ...params.map((param) => `      ${param}`));

describe('a wrong setting is reported with file, line, column and what was expected', () => {
  test.each([
    [
      'a value of another kind',
      model('model: [gpt-4]'),
      'config.yaml:4:14 model_list.0.litellm_params.model: expected a string',
    ],
    ['a missing setting', model('api_key: x'), 'config.yaml:4:7 model_list.0.litellm_params.model: is missing'],
    ['a list that is none', 'model_list: 3', 'config.yaml:1:13 model_list: expected a list of models'],
    [
      'a field that no call can have',
      lines('general_settings:', '  enforced_params: [user, metadata.]'),
      'config.yaml:2:27 general_settings.enforced_params.1: expected a list of names of fields, such as user or metadata.generation_name',
    ],
    [
      'an entry that is none',
      'model_list: [3]',
      'config.yaml:1:14 model_list.0: expected a map with model_name and litellm_params',
    ],
    ['a section that is none', 'general_settings: [1]', 'config.yaml:1:19 general_settings: expected a map'],
    [
      'a slip of the pen',
      lines('litellm_settings:', '  max_bugdet: 5'),
      'config.yaml:2:3 litellm_settings.max_bugdet: unknown setting `max_bugdet`, did you mean `max_budget`?',
    ],
    [
      'a slip in a model',
      model('model: gpt-4', 'api_kye: x'),
      'config.yaml:5:7 model_list.0.litellm_params.api_kye: unknown setting `api_kye`, did you mean `api_key`?',
    ],
    [
      'a slip in a price',
      model('model: gpt-4', 'input_cost_per_tokn: 1'),
      'config.yaml:5:7 model_list.0.litellm_params.input_cost_per_tokn: unknown setting `input_cost_per_tokn`, did you mean `input_cost_per_token`?',
    ],
    [
      'a slip at the top',
      'model_lst: []',
      'config.yaml:1:1 model_lst: unknown setting `model_lst`, did you mean `model_list`?',
    ],
    ['a name like no other', 'zzzzzzzz: 1', 'config.yaml:1:1 zzzzzzzz: unknown setting `zzzzzzzz`'],
    [
      'a setting of another section',
      lines('litellm_settings:', '  master_key: sk-x'),
      'config.yaml:2:3 litellm_settings.master_key: unknown setting `master_key` here; it belongs in general_settings',
    ],
    [
      'a negative number',
      lines('litellm_settings: {max_budget: -1}'),
      'config.yaml:1:32 litellm_settings.max_budget: expected a number of at least 0',
    ],
    [
      'no number at all',
      lines('litellm_settings: {max_budget: .nan}'),
      'config.yaml:1:32 litellm_settings.max_budget: expected a number of at least 0',
    ],
    [
      'a bad duration',
      lines('litellm_settings:', '  upperbound_key_generate_params:', '    duration: 3 days'),
      'config.yaml:3:15 litellm_settings.upperbound_key_generate_params.duration: expected a duration such as 30s, 15m, 24h, 7d or 1mo, or -1',
    ],
    [
      'a word that is none of a few',
      lines('general_settings:', '  budget_mode: strict'),
      'config.yaml:2:16 general_settings.budget_mode: expected one of standard, hard',
    ],
    [
      'a bad time zone',
      'litellm_settings: {timezone: Mars/Olympus}',
      'config.yaml:1:30 litellm_settings.timezone: expected the name of a time zone such as UTC or Europe/Berlin',
    ],
    [
      'an unknown provider',
      model('model: opanai/gpt-4'),
      'config.yaml:4:14 model_list.0.litellm_params.model: unknown provider `opanai`, did you mean `openai`?',
    ],
    [
      'an address with a password in it',
      model('model: openai/x', 'api_base: https://user:hunter2@host/v1'),
      'config.yaml:5:17 model_list.0.litellm_params.api_base: expected an http:// or https:// address without user name and password',
    ],
    [
      'an address range that is none',
      'general_settings: {allowed_ips: [10.0.0.0/40]}',
      'config.yaml:1:34 general_settings.allowed_ips.0: expected an IP address or a range such as 10.0.0.0/8',
    ],
    [
      'a Python hook',
      'general_settings: {custom_key_generate: custom_auth.generate}',
      'config.yaml:1:41 general_settings.custom_key_generate: expected the path of a JavaScript or TypeScript module (.js, .mjs, .ts, …)',
    ],
    [
      'a required value whose variable is not set',
      model('model: os.environ/MODEL'),
      'config.yaml:4:14 model_list.0.litellm_params.model: is missing: the environment variable MODEL is not set',
    ],
    [
      'a wildcard without a counterpart',
      model('model: openai/*'),
      'config.yaml:4:14 model_list.0.litellm_params.model: `*` stands for what `*` in model_name matches, and there is none',
    ],
  ])('%s', (_, yaml, expected) => {
    expect(problemsOf(yaml)).toEqual([expected]);
  });

  test('all problems come at once, in the order of the lines', () => {
    const yaml = lines(
      'general_settings:',
      '  week_start: someday',
      'litellm_settings: {num_retries: many}',
      'router_settings:',
      '  timeot: 3',
      'model_list:',
      '  - model_name: a',
      '    litellm_params: {model: 3.5, rpm: -1}',
      '  - litellm_params: {model: gpt-4}',
    );
    expect(problemsOf(yaml, { overrides: { port: '99999' }, env: { LATCHKEY_LOG_LEVEL: 'loud' } })).toEqual([
      '--port: expected a whole number from 0 to 65535',
      'LATCHKEY_LOG_LEVEL: expected one of fatal, error, warn, info, debug, trace, silent',
      'config.yaml:2:15 general_settings.week_start: expected one of monday, tuesday, wednesday, thursday, friday, saturday, sunday',
      'config.yaml:3:33 litellm_settings.num_retries: expected a whole number from 0 to 100',
      'config.yaml:5:3 router_settings.timeot: unknown setting `timeot`, did you mean `timeout`?',
      'config.yaml:8:39 model_list.0.litellm_params.rpm: expected a whole number of at least 0',
      'config.yaml:9:5 model_list.1.model_name: is missing',
    ]);
  });

  test.each([
    ['an unclosed quote', 'general_settings: {master_key: "sk-secret-secret'],
    ['a bad indentation', lines('general_settings:', '  master_key: sk-secret-secret', ' budget_mode: hard')],
    ['two on a line', 'general_settings: master_key: sk-secret-secret'],
    ['no map', 'sk-secret-secret'],
    ['a wrong value for a secret', lines('general_settings:', '  master_key: [sk-secret-secret]')],
    ['a wrong database address', lines('general_settings:', '  database_url: mysql://root:sk-secret-secret@host/db')],
  ])('no message repeats a secret: %s', (_, yaml) => {
    const problems = problemsOf(yaml);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems[0]).toMatch(/^config\.yaml:\d+:\d+/);
    expect(problems.join('\n')).not.toContain('secret-secret');
  });

  test('a second document in the file is a mistake, and not left out', () => {
    expect(problemsOf(lines('model_list: []', '---', 'general_settings: {budget_mode: hard}'))).toEqual([
      'config.yaml:2:1: the file holds more than one document (`---`)',
    ]);
  });

  test('log destinations of teams keep variables that are not set, and say so when they are used', () => {
    const config = load(
      lines(
        'litellm_settings:',
        '  default_team_settings:',
        '    - {team_id: t, success_callback: [langfuse], langfuse_secret: os.environ/NOBODY_SET, langfuse_host: os.environ/HOST_OF_IT}',
      ),
      { env: { HOST_OF_IT: 'https://traces.example' } },
    );
    expect(config.teams.callbacks[0]?.vars).toEqual({
      langfuse_secret: 'os.environ/NOBODY_SET',
      langfuse_host: 'https://traces.example',
    });
    expect(config.warnings).toMatchObject([
      { code: 'unset_variable', places: [{ path: 'litellm_settings.default_team_settings.0.langfuse_secret' }] },
    ]);
    expect(
      problemsOf(lines('litellm_settings:', '  default_team_settings: [{team_id: os.environ/NOBODY_SET}]')),
    ).toEqual([
      'config.yaml:2:37 litellm_settings.default_team_settings.0.team_id: expected a string: the environment variable NOBODY_SET is not set',
    ]);
  });

  test('a database address that is not set is warned about, where no other is given', () => {
    const file = 'general_settings: {database_url: os.environ/NOBODY_SET}';
    expect(load(file)).toMatchObject({
      databaseUrl: null,
      warnings: [{ code: 'unset_variable', places: [{ path: 'general_settings.database_url' }] }],
    });
    expect(load(file, { env: { DATABASE_URL: 'postgresql://elsewhere/db' } }).warnings).toEqual([]);
  });

  test('a setting that is given twice is a mistake', () => {
    expect(problemsOf(lines('general_settings:', '  budget_mode: hard', '  budget_mode: hard'))).toEqual([
      'config.yaml:3:3: this setting is given twice',
    ]);
  });
});

describe('known settings without effect', () => {
  test('are listed in one warning with their lines', () => {
    const config = load(
      lines(
        'general_settings:',
        '  sso_settings: {}',
        'litellm_settings:',
        '  cache: true',
        'guardrails: []',
        'router_settings: {routing_strategy: usage-based-routing-v2}',
        'model_list:',
        '  - model_name: m',
        '    litellm_params: {model: gpt-4, mock_response: hi, drop_params: true, input_cost_per_second: 1}',
      ),
    );
    expect(config.warnings.map((warning) => warning.message)).toEqual([
      'These settings are known but not supported yet, so they have no effect: ' +
        'config.yaml:2:3 general_settings.sso_settings, config.yaml:4:10 litellm_settings.cache, ' +
        'config.yaml:5:1 guardrails, config.yaml:6:37 router_settings.routing_strategy, ' +
        'config.yaml:9:55 model_list.0.litellm_params.drop_params, ' +
        'config.yaml:9:74 model_list.0.litellm_params.input_cost_per_second.',
    ]);
  });

  test('anything may stand in model_info', () => {
    const config = load(
      lines(model('model: gpt-4', 'mock_response: hi'), '    model_info: {supports_vision: true, x: {y: 1}}'),
    );
    expect(config.warnings).toEqual([]);
    expect(config.deployments[0]?.info).toEqual({ supports_vision: true, x: { y: 1 } });
  });
});

describe('anchors', () => {
  const shared = lines('x-shared: &shared', '  model: openai/one', '  api_base: http://h/v1', '  timeout: 7');

  test.each([
    ['in a block', '      <<: *shared', '      model: openai/two'],
    ['in a flow', '      {<<: *shared, model: openai/two}'],
    ['in a list of bases', '      <<: [*shared]', '      model: openai/two'],
    ['after what it fills', '      model: openai/two', '      <<: *shared'],
  ])('are merged where the map itself says nothing: %s', (_, ...params) => {
    const { deployments } = load(lines(shared, 'model_list:', '  - model_name: m', '    litellm_params:', ...params));
    expect(deployments[0]).toMatchObject({ upstreamModel: 'two', apiBase: 'http://h/v1', timeoutMs: 7_000 });
  });

  test('a slip in one is reported where it stands', () => {
    const slip = lines('x-shared: &shared {api_kye: x}', model('model: openai/one', '<<: *shared'));
    expect(problemsOf(slip)).toEqual([
      'config.yaml:1:20 model_list.0.litellm_params.api_kye: unknown setting `api_kye`, did you mean `api_key`?',
    ]);
  });

  test('what is no map cannot be merged', () => {
    expect(problemsOf(model('model: openai/one', '<<: 3'))).toEqual([
      'config.yaml:5:7: `<<` takes a map, or a list of maps',
    ]);
  });
});

describe('include', () => {
  test('appends lists, merges maps, and lets the including file have the last word', () => {
    const config = load(
      lines('include: [models/more.yaml]', model('model: openai/one'), 'litellm_settings: {num_retries: 7}'),
      {
        files: {
          'models/more.yaml': lines('include: [deep.yaml]', 'litellm_settings: {num_retries: 1, request_timeout: 9}'),
          'models/deep.yaml': lines('model_list:', '  - {model_name: d, litellm_params: {model: openai/two}}'),
        },
      },
    );
    expect(config.deployments.map((deployment) => deployment.upstreamModel)).toEqual(['one', 'two']);
    expect(config.router).toMatchObject({ numRetries: 7, timeoutMs: 9_000 });
  });

  test('a problem names the included file', () => {
    const files = { 'sub/a.yaml': lines('', 'litellm_settings:', '  num_retries: x') };
    expect(problemsOf(lines('include:', '  - sub/a.yaml', 'x_y_z: 1'), { files })).toEqual([
      'config.yaml:3:1 x_y_z: unknown setting `x_y_z`',
      'sub/a.yaml:3:16 litellm_settings.num_retries: expected a whole number from 0 to 100',
    ]);
  });

  test.each([
    ['a file that is not there', {}, 'config.yaml:1:11 include: cannot read a.yaml: there is no such file'],
    ['a circle', { 'a.yaml': 'include: [config.yaml]' }, 'a.yaml:1:11 include: config.yaml includes itself'],
  ])('%s is refused', (_, files, expected) => {
    expect(problemsOf('include: [ a.yaml ]'.replace('[ a', '[a'), { files })).toEqual([expected]);
  });
});

describe('variables', () => {
  test('os.environ/ works in any text, however deep, and gives numbers where numbers are wanted', () => {
    const yaml = lines(
      'litellm_settings:',
      '  max_budget: os.environ/BUDGET',
      '  default_key_generate_params: {metadata: {team: [os.environ/TEAM]}}',
      'general_settings: {store_prompts_in_spend_logs: os.environ/STORE}',
    );
    const config = load(yaml, { env: { BUDGET: '2.5', TEAM: 'blue', STORE: 'True' } });
    expect(config.general.maxBudgetNanoUsd).toBe(2_500_000_000);
    expect(config.keyGeneration.defaults.metadata).toEqual({ team: ['blue'] });
    expect(config.general.storePromptsInSpendLogs).toBe(true);
  });

  test('one that is not set is as if the setting were not there', () => {
    expect(load('litellm_settings: {max_budget: os.environ/BUDGET}').general.maxBudgetNanoUsd).toBeNull();
  });

  test('environment_variables of the file come before the environment', () => {
    const yaml = lines(
      'environment_variables: {GROQ_API_KEY: os.environ/REAL, LITELLM_MASTER_KEY: sk-from-the-file-0123456789}',
      model('model: groq/llama'),
    );
    const config = load(yaml, { env: { REAL: 'gsk-1', GROQ_API_KEY: 'gsk-2' } });
    expect(config.deployments[0]?.apiKey).toBe('gsk-1');
    expect(config.masterKey).toBe('sk-from-the-file-0123456789');
  });
});

describe('precedence', () => {
  test('flag, LATCHKEY_*, file, LiteLLM variable, default', () => {
    const key = (word: string) => `sk-${word}-0123456789012345`;
    const file = `general_settings: {master_key: ${key('file')}, database_url: "postgres://file"}`;
    const shared = { LITELLM_MASTER_KEY: key('shared'), DATABASE_URL: 'postgresql://shared' };
    expect(load('', { env: shared })).toMatchObject({ masterKey: key('shared'), databaseUrl: 'postgresql://shared' });
    expect(load(file, { env: shared })).toMatchObject({ masterKey: key('file'), databaseUrl: 'postgres://file' });
    const own = { ...shared, LATCHKEY_MASTER_KEY: key('own'), LATCHKEY_PORT: '1', LATCHKEY_HOST: '::1' };
    const config = load(file, { env: own, overrides: { port: '2' } });
    expect(config).toMatchObject({ masterKey: key('own'), server: { port: 2, host: '::1', dataDir: 'data' } });
    expect(config.warnings.map((warning) => warning.code)).toEqual(['master_key_given_twice']);
  });

  test.each([
    ['connection_limit=5&pgbouncer=true', 5],
    ['connection_limit=1', 2],
    ['connection_limit=many', 10],
    ['sslmode=require', 10],
  ])('the pool of ?%s has %i connections, unless the file says it', (query, size) => {
    const env = { DATABASE_URL: `postgresql://h/db?${query}` };
    expect(load('', { env }).general.databasePoolSize).toBe(size);
    const file = 'general_settings: {database_connection_pool_limit: 7}';
    expect(load(file, { env }).general.databasePoolSize).toBe(7);
  });

  test.each([
    'postgresql://u:p@ss:w/rd@h/db',
    'postgresql://u:hunter2@one:5432,two:5432/db',
    'postgresql://u:hunter2@one,two/db',
    'postgresql://u:hunter2@h:port/db',
  ])('an address that is none is told by the name of its setting, and not repeated: %s', (url) => {
    expect(problemsOf('', { env: { DATABASE_URL: url } })).toEqual([
      expect.stringMatching(/^DATABASE_URL: expected an address such as postgresql:.*one host.*percent-encoded/),
    ]);
  });

  test.each(['postgresql:///db?host=/run', 'postgresql://u:p@/db?host=/run', 'postgres://u@%2Frun:5432/db'])(
    'an address may name a socket: %s',
    (url) => {
      expect(load('', { env: { DATABASE_URL: url } }).databaseUrl).toBe(url);
    },
  );

  test('an empty variable is not set', () => {
    expect(load('', { env: { LATCHKEY_PORT: '', DISABLE_KEY_NAME: '' } }).server.port).toBe(4000);
  });

  test('a named file has to be there, the customary one need not be', () => {
    expect(problemsOf('', { overrides: { configFile: 'other.yaml' } })).toEqual([
      'other.yaml: cannot be read: there is no such file',
    ]);
    const config = loadConfig({
      environment: readEnvironment({}),
      readFile: () => {
        throw Object.assign(new Error(), { code: 'ENOENT' });
      },
    });
    expect(config).toMatchObject({ file: null, deployments: [], masterKey: null, databaseUrl: null });
    expect(config.warnings.map((warning) => warning.code)).toEqual(['no_config_file']);
  });
});

describe('the value', () => {
  test('is frozen all the way down', () => {
    const config = load(
      model('model: openai/gpt-4o', 'tags: [a]', 'input_cost_per_token: 1', 'output_cost_per_token: 1'),
    );
    const frozen = (value: unknown): boolean =>
      typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(frozen));
    expect(frozen(config)).toBe(true);
  });

  test('has the documented defaults', () => {
    const config = load('');
    expect(config.server).toEqual({
      host: '127.0.0.1',
      port: 4000,
      rootPath: '',
      dataDir: 'data',
      workers: 1,
      bodyLimitBytes: 20 * 1024 * 1024,
    });
    expect(config.general).toMatchObject({
      budgetMode: 'standard',
      budgetTimeZone: 'UTC',
      weekStart: 'monday',
      rateLimitWindowMs: 60_000,
      typicalOutputTokens: 1024,
      hardBudgetDefaultMaxTokens: 16_384,
      hardBudgetTokensPerImage: 50_000,
      unsettledCharge: 'hold',
      rotationGracePeriod: null,
    });
    expect(config.router).toEqual({
      numRetries: 2,
      timeoutMs: 600_000,
      enableTagFiltering: false,
      allowedFails: 3,
      cooldownMs: 5_000,
    });
    expect(config.warnings).toEqual([]);
  });

  test("carries aliases, key defaults and bounds in the product's units", () => {
    const config = load(
      lines(
        model('model: gpt-4', 'mock_response: hi'),
        'router_settings:',
        '  model_group_alias: {a: m, b: {model: m, hidden: true}}',
        'litellm_settings:',
        '  default_key_generate_params: {max_budget: "1.5", models: [m], duration: 90d}',
        '  enable_key_alias_format_validation: true',
        '  upperbound_key_generate_params: {duration: 30d, max_budget: 100, tpm_limit: 0}',
        '  key_generation_settings:',
        '    team_key_generation: {allowed_team_member_roles: [admin], required_params: [tags]}',
        '    personal_key_generation: {allowed_user_roles: [proxy_admin]}',
        'general_settings: {custom_key_generate: hooks/decide.ts, litellm_key_header_name: X-Key}',
      ),
    );
    expect(config.modelGroupAliases).toEqual([
      { alias: 'a', model: 'm', hidden: false },
      { alias: 'b', model: 'm', hidden: true },
    ]);
    expect(config.keyGeneration).toMatchObject({
      defaults: { maxBudgetNanoUsd: 1_500_000_000, models: ['m'], rpmLimit: null, duration: '90d' },
      strictAliases: true,
      upperBounds: { duration: '30d', maxBudgetNanoUsd: 100_000_000_000, tpmLimit: 0 },
      rules: {
        team: { memberRoles: ['admin'], requiredParams: ['tags'] },
        personal: { userRoles: ['proxy_admin'], requiredParams: [] },
      },
      customKeyGenerate: 'hooks/decide.ts',
    });
    expect(config.general.keyHeaderName).toBe('x-key');
  });
});

describe('an alias', () => {
  const setup = (alias: string, ...names: string[]): string =>
    lines(
      'model_list:',
      ...names.map((name) => `  - {model_name: "${name}", litellm_params: {model: openai/x, mock_response: hi}}`),
      'router_settings:',
      '  model_group_alias:',
      `    quick: ${alias}`,
    );

  test.each<[string, string, string[], string[]]>([
    ['to a group is right', 'small', ['small'], []],
    [
      'to nothing is a problem',
      'large',
      ['small'],
      [
        'config.yaml:5:12 router_settings.model_group_alias.quick: no entry of model_list has the name that this alias leads to',
      ],
    ],
    [
      'to a group that was misspelt is a problem with a hint',
      '{model: smal, hidden: true}',
      ['small'],
      [
        'config.yaml:5:12 router_settings.model_group_alias.quick: no entry of model_list has the name that this alias leads to, did you mean `small`?',
      ],
    ],
    [
      'to another alias is a problem, since only one step is taken',
      'quick',
      ['small'],
      [
        'config.yaml:5:12 router_settings.model_group_alias.quick: no entry of model_list has the name that this alias leads to',
      ],
    ],
    ['to what a wildcard matches is none', 'openai/gpt-4o', ['openai/*'], []],
  ])('%s', (_name, alias, names, problems) => {
    expect(problemsOf(setup(alias, ...names))).toEqual(problems);
  });

  test('that only a wildcard answers for is a warning', () => {
    const { warnings } = load(setup('openai/gpt-4o', 'openai/*', 'small'));
    expect(warnings).toMatchObject([
      { code: 'alias_to_wildcard', places: [{ path: 'router_settings.model_group_alias.quick', at: { line: 6 } }] },
    ]);
  });

  test('is judged by the names in the file, whatever else is wrong with their entries', () => {
    const yaml = lines(model('model: [x]'), 'router_settings: {model_group_alias: {quick: m}}');
    expect(problemsOf(yaml)).toEqual(['config.yaml:4:14 model_list.0.litellm_params.model: expected a string']);
  });
});

describe('the master key', () => {
  test.each([
    ['sk-1234', '127.0.0.1', 'warned'],
    ['sk-1234', 'localhost', 'warned'],
    ['sk-1234', '::1', 'warned'],
    ['sk-1234', '0.0.0.0', 'refused'],
    ['sk-1234', 'gateway.internal', 'refused'],
    ['sk-0123456789abcdef', '0.0.0.0', 'refused'],
    ['sk-0123456789abcdefg', '0.0.0.0', 'accepted'],
    ['0123456789abcdefghijklmn', '127.0.0.1', 'refused'],
  ])('%s on %s is %s', (key, host, outcome) => {
    const setup = { env: { LITELLM_MASTER_KEY: key }, overrides: { host } };
    const problems = problemsOf('', setup);
    expect(problems.length).toBe(outcome === 'refused' ? 1 : 0);
    if (outcome !== 'refused') {
      expect(load('', setup).warnings.map((warning) => warning.code)).toEqual(
        outcome === 'warned' ? ['weak_master_key'] : [],
      );
    }
    expect(problems.join()).not.toContain('abcdef');
  });
});

test('an audit log that is to be switched off is a warning, and one that is to be on is nothing', () => {
  const warningsOf = (value: boolean) => load(`litellm_settings: {store_audit_logs: ${value}}`).warnings;
  expect(warningsOf(true)).toEqual([]);
  expect(warningsOf(false)).toMatchObject([
    { code: 'audit_always_on', places: [{ path: 'litellm_settings.store_audit_logs', at: { line: 1 } }] },
  ]);
});

describe('workers', () => {
  const withEnv = (env: Record<string, string>) =>
    loadConfig({ environment: readEnvironment(env), readFile: missingFile });

  test('several share a PostgreSQL; LiteLLM’s variable comes last', () => {
    const DATABASE_URL = 'postgresql://db/latchkey';
    expect(withEnv({ DATABASE_URL, NUM_WORKERS: '3' }).server.workers).toBe(3);
    expect(withEnv({ DATABASE_URL, NUM_WORKERS: '3', LATCHKEY_WORKERS: '2' }).server.workers).toBe(2);
  });

  test('whoever shares a database counts in it, unless told otherwise', () => {
    const env = { DATABASE_URL: 'postgresql://db/latchkey' };
    expect(load('', { env }).general).toMatchObject({ counters: 'postgres', counterSlices: true });
    expect(load('general_settings: {counters: memory, counter_slices: false}', { env }).general).toMatchObject({
      counters: 'memory',
      counterSlices: false,
    });
    expect(load('').general.counters).toBe('memory');
  });

  test('several count together, and are refused where each would count for itself', () => {
    const env = { DATABASE_URL: 'postgresql://db/latchkey', LATCHKEY_WORKERS: '2' };
    expect(load('', { env }).general.counters).toBe('postgres');
    expect(() => load('general_settings: {counters: memory}', { env })).toThrow(/each grant the whole of a limit/);
  });

  test('the embedded database is refused to more than one', () => {
    expect(withEnv({ LATCHKEY_WORKERS: '1' }).server.workers).toBe(1);
    expect(() => withEnv({ LATCHKEY_WORKERS: '2' })).toThrow(/set DATABASE_URL .* or run one worker/);
    expect(() => withEnv({ LATCHKEY_WORKERS: '2', DATABASE_URL: 'sqlite:/tmp/x.db' })).toThrow(/--workers/);
  });
});

function missingFile(path: string): string {
  throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });
}

describe('headers that name the end user', () => {
  const STANDARD = ['x-litellm-customer-id', 'x-litellm-end-user-id'];
  const read = (mappings: string, more = '') => {
    const { general, warnings } = load(`general_settings: {user_header_mappings: ${mappings}${more}}`);
    return {
      headers: general.endUserHeaders,
      ineffective: warnings.flatMap(({ places }) => places.map(({ path }) => path)),
    };
  };
  const customer = '{header_name: X-Email, litellm_user_role: customer}';
  const internal = '{header_name: X-Id, litellm_user_role: internal_user}';

  test("LiteLLM's own come first, and the older setting last", () => {
    const { headers, ineffective } = read(`[${customer}]`, ', user_header_name: X-Old');
    expect(headers).toEqual([...STANDARD, 'x-email', 'x-old']);
    expect(ineffective).toEqual([]);
    expect(read(customer).headers).toEqual([...STANDARD, 'x-email']);
    expect(load('').general.endUserHeaders).toEqual(STANDARD);
  });

  test('no header says who is a user of the proxy, which a warning says', () => {
    const { headers, ineffective } = read(`[${internal}, ${customer}]`);
    expect(headers).toEqual([...STANDARD, 'x-email']);
    expect(ineffective).toEqual(['general_settings.user_header_mappings']);
  });

  test('what is no mapping is reported where it stands', () => {
    expect(problemsOf('general_settings: {user_header_mappings: [X-Email]}')).toEqual([
      expect.stringContaining('general_settings.user_header_mappings.0'),
    ]);
    expect(problemsOf('general_settings: {user_header_mappings: [{header_name: X-Email}]}')).toEqual([
      expect.stringContaining('user_header_mappings.0.litellm_user_role: expected a string'),
    ]);
  });
});
