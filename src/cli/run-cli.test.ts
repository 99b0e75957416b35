import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readEnvironment } from '../config/env.ts';
import { loadConfig } from '../config/load-config.ts';
import { VERSION } from '../version.ts';
import type { CliIo, Installation } from './cli-io.ts';
import { runCli } from './run-cli.ts';

interface Request {
  method: string;
  url: string;
  authorization: string | null;
  body: unknown;
}

type Answer = { status?: number; body: unknown } | 'refused';
/** One answer for everything, or one for each path; of several, one after the other and then the last. */
type Answers = Answer | Readonly<Record<`/${string}`, readonly Answer[]>>;

const KEY_ROW = {
  token: 'a'.repeat(64),
  key_id: 'key_1',
  key_name: 'sk-...abcd',
  key_alias: 'ci',
  spend: 0.00125,
  expires: '2026-12-01T00:00:00.000Z',
  models: ['gpt-4o'],
  max_budget: 10,
  budget_duration: '30d',
  budget_mode: 'hard',
  blocked: null,
  rpm_limit: 60,
  tpm_limit: null,
  metadata: {},
  created_at: '2026-11-01T10:00:00Z',
  created_by: 'default_user_id',
};

const BOOKS = { calls: 3, spendNanoUsd: 1_500_000_000, differing: 0, differences: [] };

/** Runs a command in a world made of a configuration file, an environment and a gateway that gives prepared answers. */
async function run(
  args: string[],
  setup: {
    env?: Record<string, string>;
    yaml?: string;
    files?: Record<string, string>;
    answer?: Answers;
    installation?: Partial<Record<keyof Installation, unknown>>;
  } = {},
) {
  const { env = { LATCHKEY_API_KEY: 'sk-admin' }, yaml = '', answer = { body: {} } } = setup;
  const printed: string[] = [];
  const complaints: string[] = [];
  const requests: Request[] = [];
  const served: unknown[] = [];
  const pauses: number[] = [];
  const nextAnswer = answersFrom(answer);
  const environment = readEnvironment(env);
  const io: CliIo = {
    environment,
    loadConfig: (overrides) => loadConfig({ environment, overrides, readFile: () => yaml }),
    fileExists: (path) => path === 'data/latchkey.sqlite',
    readFile: (path) => {
      const text = setup.files?.[path];
      if (text === undefined) throw new Error(`no such file: ${path}`);
      return text;
    },
    readLines: async function* (path) {
      yield* (setup.files?.[path] ?? '').split('\n');
    },
    createFile: () => ({ write: (text) => printed.push(text), close: () => undefined }),
    fetch: async (url, init) => {
      const headers = new Headers(init?.headers);
      const body = typeof init?.body === 'string' ? JSON.parse(init.body) : undefined;
      requests.push({
        method: init?.method ?? '',
        url: String(url),
        authorization: headers.get('authorization'),
        body,
      });
      const given = nextAnswer(new URL(String(url)).pathname);
      if (given === 'refused') {
        throw new TypeError('fetch failed', { cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }) });
      }
      const text = typeof given.body === 'string' ? given.body : JSON.stringify(given.body);
      return new Response(text, { status: given.status ?? 200 });
    },
    print: (text) => printed.push(text),
    write: async (text) => void printed.push(text),
    complain: (text) => complaints.push(text),
    nowMs: () => Date.parse('2026-11-23T12:00:00Z'),
    pause: async (ms) => void pauses.push(ms),
    loadInstallation: async () =>
      ({
        databaseUrlOf: ({ server }) => `${server.dataDir}/latchkey.sqlite`,
        checkInstallation: async () => BOOKS,
        countLeakedHolds: async () => null,
        replaceMasterKey: async () => 'sk-new',
        migrateDatabase: async () => ({ applied: ['0001_keys'], unknown: [] }),
        ...setup.installation,
      }) as Installation,
    serve: async (config) => void served.push(config),
  };
  const code = await runCli(args, io);
  return { code, out: printed.join('\n'), err: complaints.join('\n'), requests, served, pauses };
}

function answersFrom(answer: Answers): (path: string) => Answer {
  if (answer === 'refused' || 'body' in answer) return () => answer;
  const left = new Map(Object.entries(answer).map(([path, answers]) => [path, [...answers]]));
  return (path) => {
    const answers = left.get(path) ?? [];
    return (answers.length > 1 ? answers.shift() : answers[0]) ?? { status: 404, body: {} };
  };
}

test.each(['--version', '-V'])('%s prints the version and nothing else', async (flag) => {
  expect(await run([flag])).toMatchObject({ code: 0, out: VERSION, err: '', requests: [], served: [] });
});

describe('keys', () => {
  test('create sends what was said and nothing else, and prints the secret first', async () => {
    const { code, out, err, requests } = await run(
      [
        'keys',
        'create',
        '--alias',
        'ci',
        '--max-budget',
        '10',
        '--models',
        'gpt-4o, m',
        '--rpm',
        '0',
        '--metadata',
        '{"a":[1]}',
      ],
      { answer: { body: { ...KEY_ROW, key: 'sk-secret' } } },
    );
    expect(code).toBe(0);
    expect(requests).toEqual([
      {
        method: 'POST',
        url: 'http://127.0.0.1:4000/key/generate',
        authorization: 'Bearer sk-admin',
        body: { key_alias: 'ci', models: ['gpt-4o', 'm'], max_budget: 10, rpm_limit: 0, metadata: { a: [1] } },
      },
    ]);
    expect(out.split('\n')[0]).toBe('sk-secret');
    expect(out).toContain('budget         $10.00 per 30d (hard)');
    expect(out).toContain('spent          $0.00125');
    expect(err).toContain('will not be shown again');
  });

  test('update can clear a value, and has to be told something', async () => {
    const { requests } = await run(['keys', 'update', 'ci', '--max-budget', 'none', '--tags', '']);
    expect(requests[0]?.body).toEqual({ key: 'ci', max_budget: null, tags: [] });
    expect(await run(['keys', 'update', 'ci'])).toMatchObject({
      code: 2,
      err: 'Nothing to change: name at least one field, as in --rpm 10.',
      requests: [],
    });
  });

  test('list is a table, and says when there are more pages', async () => {
    const { out, err, requests } = await run(['keys', 'list', '--search', 'c i', '--size', '1'], {
      answer: { body: { keys: [KEY_ROW], total_count: 2, current_page: 1, total_pages: 2 } },
    });
    expect(requests[0]?.url).toBe('http://127.0.0.1:4000/key/list?page=1&size=1&return_full_object=true&search=c+i');
    expect(out.split('\n')).toEqual([
      'KEY ID  ALIAS  KEY         STATE   MODELS     SPENT                 BUDGET  RPM  TPM  EXPIRES (UTC)',
      'key_1   ci     sk-...abcd  active  gpt-4o  $0.00125  $10.00 per 30d (hard)   60    -  2026-12-01 00:00',
    ]);
    expect(err).toBe('Page 1 of 2, 2 keys.');
  });

  test('a key that is named by its secret leaves the machine as its hash', async () => {
    const hash = createHash('sha256').update('sk-my-secret-key').digest('hex');
    for (const [verb = '', ...flags] of [
      ['info'],
      ['block'],
      ['unblock'],
      ['rotate'],
      ['delete'],
      ['update', '--rpm', '1'],
    ]) {
      const sent = JSON.stringify((await run(['keys', verb, 'sk-my-secret-key', ...flags])).requests);
      expect(sent).toContain(hash);
      expect(sent).not.toContain('sk-my-secret-key');
    }
  });

  test('delete takes several', async () => {
    const { out, requests } = await run(['keys', 'delete', 'a', 'b']);
    expect(requests[0]).toMatchObject({ url: 'http://127.0.0.1:4000/key/delete', body: { keys: ['a', 'b'] } });
    expect(out).toBe('2 keys are deleted.');
  });

  test('rotate passes the grace period on and shows the new secret', async () => {
    const answer = { body: { ...KEY_ROW, key: 'sk-next' } };
    const { out, requests } = await run(['keys', 'rotate', 'ci', '--grace-period', '1h'], { answer });
    expect(requests[0]).toMatchObject({
      url: 'http://127.0.0.1:4000/key/regenerate',
      body: { key: 'ci', grace_period: '1h' },
    });
    expect(out.split('\n')[0]).toBe('sk-next');
  });

  test('--json prints the answer as it came', async () => {
    const { out } = await run(['keys', 'info', 'ci', '--json'], { answer: { body: { info: KEY_ROW } } });
    expect(JSON.parse(out)).toEqual({ info: KEY_ROW });
  });
});

describe('spend', () => {
  test('is the total, unless something else is asked', async () => {
    const { out, requests } = await run(['spend'], { answer: { body: { spend: 1.5, max_budget: null } } });
    expect(requests[0]?.url).toBe('http://127.0.0.1:4000/global/spend');
    expect(out).toBe('spent   $1.50\nbudget  -');
  });

  test.each([
    [['keys', '--limit', '3'], '/global/spend/keys?limit=3'],
    [['models'], '/global/spend/models'],
    [['tags', '--from', '2026-11-01', '--to', '2026-11-30'], '/spend/tags?start_date=2026-11-01&end_date=2026-11-30'],
    [['logs', '--key', 'ci'], '/spend/logs?summarize=false&limit=50&api_key=ci'],
  ])('%s asks %s', async (args, path) => {
    const { code, out, requests } = await run(['spend', ...args], { answer: { body: [] } });
    expect(requests[0]?.url).toBe(`http://127.0.0.1:4000${path}`);
    expect({ code, out }).toEqual({ code: 0, out: 'Nothing has been spent.' });
  });
});

describe('which gateway, and with which key', () => {
  test.each([
    [['--url', 'http://h:1/', '--api-key', 'sk-flag'], {}, 'http://h:1/global/spend', 'Bearer sk-flag'],
    [
      [],
      { LATCHKEY_URL: 'https://h', LATCHKEY_API_KEY: 'sk-1', LATCHKEY_MASTER_KEY: 'sk-2' },
      'https://h/global/spend',
      'Bearer sk-1',
    ],
    [
      [],
      { LATCHKEY_MASTER_KEY: 'sk-2', LITELLM_MASTER_KEY: 'sk-3' },
      'http://127.0.0.1:4000/global/spend',
      'Bearer sk-2',
    ],
    [[], { LITELLM_MASTER_KEY: 'sk-3' }, 'http://127.0.0.1:4000/global/spend', 'Bearer sk-3'],
  ])('%s %s', async (args, env, url, authorization) => {
    const { requests } = await run(['spend', ...args], { env: env as Record<string, string> });
    expect(requests[0]).toMatchObject({ url, authorization });
  });
});

describe('failures are one sentence and an exit code', () => {
  test.each<[string, string[], Parameters<typeof run>[1], number, string]>([
    [
      'nobody there',
      ['spend'],
      { answer: 'refused' },
      1,
      'No gateway answers at http://127.0.0.1:4000. Start one with `latchkey serve`, or name another with --url or LATCHKEY_URL.',
    ],
    [
      'no key',
      ['spend'],
      { env: {} },
      2,
      'No key to call the gateway with: set LATCHKEY_API_KEY (or LATCHKEY_MASTER_KEY), or give --api-key.',
    ],
    [
      'a refusal',
      ['keys', 'info', 'x'],
      { answer: { status: 404, body: { error: { message: 'Key not found' } } } },
      1,
      'The gateway refused with 404: Key not found',
    ],
    [
      'no gateway',
      ['spend'],
      { answer: { body: '<html>' } },
      1,
      'http://127.0.0.1:4000 answers, but not with JSON: is it a Latchkey gateway?',
    ],
    [
      'a bad address',
      ['spend', '--url', 'ftp://x'],
      {},
      2,
      "The gateway's address has to be an http:// or https:// address without user name and password.",
    ],
    [
      'a wrong file',
      ['serve'],
      { yaml: 'modl_list: []' },
      1,
      'config.yaml:1:1 modl_list: unknown setting `modl_list`, did you mean `model_list`?',
    ],
    [
      'a newer database',
      ['migrate'],
      { installation: { migrateDatabase: async () => ({ applied: [], unknown: ['0099_x'] }) } },
      1,
      'A newer version has changed this database (0099_x), so nothing was done.',
    ],
    [
      'a fault',
      ['migrate'],
      {
        installation: {
          migrateDatabase: async () => {
            throw new Error('The database cannot be reached.');
          },
        },
      },
      1,
      'The database cannot be reached.',
    ],
    [
      'a database that refuses',
      ['migrate'],
      {
        installation: {
          migrateDatabase: async () => {
            const cause = new Error('password authentication failed for user "latchkey"');
            throw Object.assign(new Error('Out of reach.', { cause }), { code: 'database_unavailable' });
          },
        },
      },
      1,
      'Out of reach. The reason: password authentication failed for user "latchkey"',
    ],
  ])('%s', async (_, args, setup, code, err) => {
    expect(await run(args, setup)).toMatchObject({ code, err, out: '' });
  });

  test.each([
    [['keys', 'create', '--rpm', '-1'], 'A whole number of at least 0 is wanted.'],
    [['keys', 'create', '--max-budget', 'lots'], 'A number of at least 0 is wanted.'],
    [['keys', 'create', '--metadata', '[1]'], 'A JSON object is wanted'],
    [['keys', 'list', '--status', 'asleep'], 'Allowed choices are active, blocked, expired, deleted'],
    [['keys', 'info'], "missing required argument 'key'"],
    [['keyz'], "unknown command 'keyz'"],
    [['serve', '--prot', '1'], "unknown option '--prot'"],
  ])('%s is used wrongly', async (args, words) => {
    const { code, err, requests } = await run(args);
    expect({ code, requests }).toEqual({ code: 2, requests: [] });
    expect(err).toContain(words);
  });

  test('help is no failure', async () => {
    const { code, out } = await run(['keys', '--help']);
    expect(code).toBe(0);
    expect(out).toContain('LATCHKEY_API_KEY');
  });
});

describe('serve', () => {
  test('passes its flags on as the configuration, and tells the warnings', async () => {
    const { code, served, err } = await run(['serve', '--port', '0', '--data-dir', 'd', '--host', '::1'], {
      env: { LATCHKEY_PORT: '1', LITELLM_MASTER_KEY: 'sk-1234' },
    });
    expect(code).toBe(0);
    expect(served).toMatchObject([{ server: { host: '::1', port: 0, dataDir: 'd' } }]);
    expect(err).toMatch(/^warning: LITELLM_MASTER_KEY: The master key is the one of every tutorial/);
  });
});

describe('config check', () => {
  const yaml = [
    'model_list:',
    '  - {model_name: a, litellm_params: {model: x, mock_response: hi}}',
    '  - {model_name: b, litellm_params: {model: gpt-4}}',
    'litellm_settings: {cache: true}',
  ].join('\n');

  test('tells what has no effect, and which models can be called', async () => {
    const { code, out, err } = await run(['config', 'check'], { yaml });
    expect(code).toBe(0);
    expect(err).toBe(
      'warning: These settings are known but not supported yet, so they have no effect: config.yaml:4:27 litellm_settings.cache.',
    );
    expect(out.split('\n')).toEqual([
      'config.yaml is valid: 1 of 2 models can be called.',
      '',
      'MODEL  PROVIDER  UPSTREAM MODEL  STATE',
      'a      mock      x               ready',
      'b      openai    gpt-4           The environment variable OPENAI_API_KEY is not set on the gateway.',
    ]);
  });

  test('as JSON, with a place for every problem', async () => {
    const { code, out } = await run(['config', 'check', '--json'], { yaml: 'router_settings:\n  timeout: soon' });
    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual({
      ok: false,
      errors: [
        {
          path: 'router_settings.timeout',
          file: 'config.yaml',
          line: 2,
          column: 12,
          message: 'expected a number of seconds above 0',
        },
      ],
    });
    const valid = JSON.parse((await run(['config', 'check', '--json'], { yaml })).out);
    expect(valid).toMatchObject({
      ok: true,
      file: 'config.yaml',
      warnings: [{ code: 'unsupported_settings' }],
      models: [{ model_name: 'a', unavailable: null }, {}],
    });
  });
});

describe('doctor', () => {
  test('is content when the books add up and no gateway runs', async () => {
    const { code, out } = await run(['doctor'], { answer: 'refused', env: {} });
    expect(code).toBe(0);
    expect(out).toContain('books    ok      every balance and day is the sum of its calls (3 calls, $1.500000000)');
    expect(out).toContain('gateway  ok      none runs at http://127.0.0.1:4000');
  });

  test('makes no database where there is none', async () => {
    const { code, err } = await run(['doctor', '--data-dir', 'elsewhere']);
    expect({ code, err }).toEqual({
      code: 1,
      err: 'There is no database at elsewhere/latchkey.sqlite yet, so there is nothing to check.',
    });
  });

  test('a sum that differs, or a gateway that cannot serve, is a fault', async () => {
    const differences = [{ kind: 'balance', of: 'key:key_1:spend', expected: 2, actual: 3 }];
    const checkInstallation = async () => ({ ...BOOKS, differing: 1, differences });
    const wrong = await run(['doctor'], { answer: { body: {} }, installation: { checkInstallation } });
    expect(wrong.code).toBe(1);
    expect(wrong.out).toContain('balance  key:key_1:spend  $0.000000002  $0.000000003');
    expect(wrong.err).toBe('1 of 3 checks found a fault.');

    const unready = await run(['doctor', '--json'], { answer: { status: 503, body: {} } });
    expect(unready.code).toBe(1);
    expect(JSON.parse(unready.out)).toMatchObject({
      ok: false,
      checks: [
        { name: 'books', ok: true },
        { name: 'gateway', ok: false },
      ],
    });
  });
});

describe('doctor, on a gateway that runs', () => {
  const state = (open_holds: number, live_processes = 1) => ({
    body: { calls_in_flight: 2, open_holds, journal_backlog: 5, change_feed_position: 17, live_processes },
  });
  const doctor = (...holds: number[]) =>
    run(['doctor', '--json'], {
      answer: { '/health/readiness': [{ body: {} }], '/health/readiness/details': holds.map((one) => state(one)) },
    });
  const beside = (leaked: number | null) =>
    run(['doctor', '--json'], {
      answer: { '/health/readiness': [{ body: {} }], '/health/readiness/details': [state(9, 3)] },
      installation: { countLeakedHolds: async () => leaked },
    });

  test('holds of other live processes are no fault; one that has outlived its lease is', async () => {
    const many = 'those of 3 live processes, calls in flight 2, holds 9, bills to be shipped 5, change feed at 17';
    const holdsOf = ({ out }: { out: string }) => JSON.parse(out).checks[2];
    expect(holdsOf(await beside(0))).toMatchObject({ ok: true, detail: `no hold outlives its lease: ${many}` });
    expect(holdsOf(await beside(null))).toMatchObject({
      ok: true,
      detail: `leases that their processes renew: ${many}`,
    });
    const leaking = await beside(2);
    expect(holdsOf(leaking)).toMatchObject({ ok: false, detail: expect.stringContaining('2 holds have outlived') });
    expect(leaking.code).toBe(1);
  });

  const inside = (holds: number) => `(calls in flight 2, holds ${holds}, bills to be shipped 5, change feed at 17)`;

  test.each<[string, number[], { ok: boolean; detail: string; pauses: number }]>([
    ['as many holds as calls', [2], { ok: true, detail: `no hold outlives its call ${inside(2)}`, pauses: 0 }],
    ['one too many for a moment', [3, 1], { ok: true, detail: `no hold outlives its call ${inside(1)}`, pauses: 1 }],
    ['too many on a second look', [3, 4], { ok: false, detail: `more holds than calls ${inside(4)}`, pauses: 1 }],
  ])('%s', async (_name, holds, { ok, detail, pauses }) => {
    const result = await doctor(...holds);
    expect(result.code).toBe(ok ? 0 : 1);
    expect(JSON.parse(result.out).checks[2]).toEqual({ name: 'holds', ok, detail });
    expect(result.pauses).toHaveLength(pauses);
  });

  test("asks with the configuration's master key, and says so when it has none or is refused", async () => {
    const answer = { '/health/readiness': [{ body: {} }], '/health/readiness/details': [{ status: 401, body: {} }] };
    const keyed = await run(['doctor'], {
      answer,
      env: {},
      yaml: 'general_settings: {master_key: sk-0123456789012345678}',
    });
    expect(keyed.requests.at(-1)).toMatchObject({ authorization: 'Bearer sk-0123456789012345678' });
    expect(keyed).toMatchObject({
      code: 0,
      out: expect.stringContaining('not looked at: The gateway refused with 401'),
    });
    const bare = await run(['doctor'], { answer, env: {} });
    expect(bare.out).toContain('holds    ok      not looked at: give a master key in LATCHKEY_API_KEY');
    expect(bare.requests).toHaveLength(1);
  });
});

describe('master-key rotate', () => {
  test('prints the new key once', async () => {
    expect(await run(['master-key', 'rotate'])).toMatchObject({ code: 0, out: 'sk-new' });
  });

  test("is refused where the key is the operator's to change", async () => {
    const { code, err } = await run(['master-key', 'rotate'], {
      env: { LITELLM_MASTER_KEY: 'sk-0123456789012345678' },
    });
    expect(code).toBe(1);
    expect(err).toContain('set by the configuration or the environment');
  });
});

describe('audit', () => {
  const WHOLE = {
    head: { seq: 3, hash: 'abc' },
    rows: 3,
    faults: [],
    faultCount: 0,
    sealsChecked: true,
    checkpoints: [],
  };
  const CHECKPOINT = { seq: 2, at: '2026-11-01T00:00:00.000Z', public_key_id: 'f00d' };
  const verifying = (result: object | null) => ({ verifyInstallationAudit: async () => result });

  test('verify says in a sentence that the log is whole, and the hash that it ends with', async () => {
    const result = await run(['audit', 'verify'], { installation: verifying(WHOLE) });
    expect(result).toMatchObject({
      code: 0,
      out: 'The audit log is as it was written: 3 rows, head hash abc',
      err: '',
    });
  });

  test('verify names each fault and where it is, and fails', async () => {
    const fault = { kind: 'changed_row', seq: 2, lastSeq: 2, id: 'audit_2', detail: 'row 2 was changed' };
    const tail = { kind: 'cut_tail', seq: 4, lastSeq: 9, id: null, detail: 'rows 4 to 9 are missing' };
    const damaged = { ...WHOLE, faults: [fault, tail], faultCount: 2 };
    const { code, out, err } = await run(['audit', 'verify'], { installation: verifying(damaged) });
    expect([code, err]).toEqual([1, 'There are 2 faults.']);
    expect(out).toMatch(/changed_row +2 +audit_2 +row 2 was changed\ncut_tail +4-9 +- +rows 4 to 9 are missing/);
    const json = await run(['audit', 'verify', '--json'], { installation: verifying(damaged) });
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out)).toMatchObject({
      ok: false,
      rows: 3,
      fault_count: 2,
      faults: [
        { kind: 'changed_row', seq: 2, last_seq: 2, id: 'audit_2' },
        { kind: 'cut_tail', last_seq: 9 },
      ],
    });
  });

  test('verify hands on checkpoints and earlier salt keys, and says what proves nothing', async () => {
    const asked: unknown[] = [];
    const { code, out, err } = await run(
      [
        ...['audit', 'verify', '--checkpoint', 'one.json', '--checkpoint', 'two.json'],
        ...['--earlier-salt-file', 'old', '--public-key', 'pk'],
      ],
      {
        files: { 'one.json': 'one', 'two.json': 'two', old: 'old salt\n' },
        installation: {
          parseAuditCheckpoint: (text: string) => ({ ...CHECKPOINT, text }),
          verifyInstallationAudit: async (_config: unknown, proofs: unknown) => {
            asked.push(proofs);
            return { ...WHOLE, sealsChecked: false, checkpoints: [{ checkpoint: CHECKPOINT, confirmed: false }] };
          },
        },
      },
    );
    expect(asked).toMatchObject([
      { checkpoints: [{ text: 'one' }, { text: 'two' }], earlierSalts: ['old salt'], publicKey: 'pk' },
    ]);
    expect(code).toBe(0);
    expect(out).toContain(
      'It contains the checkpoint of 2026-11-01T00:00:00.000Z, row 2; signed by f00d, which nothing here confirms.',
    );
    expect(err).toContain('Only hashes were looked at');
  });

  test.each([
    ['a checkpoint that is none', ['--checkpoint', 'x.json'], { 'x.json': '{}' }, 'x.json holds no checkpoint'],
    ['a file that is not there', ['--checkpoint', 'y.json'], {}, 'y.json cannot be read'],
    ['a database that is not there', ['--data-dir', 'nowhere'], {}, 'There is no database at nowhere/latchkey.sqlite'],
    ['a database without a chain', [], {}, 'no chained audit log'],
  ])('verify does not take %s for a good result', async (_what, args, files, message) => {
    const installation = { ...verifying(null), parseAuditCheckpoint: () => null };
    const { code, err } = await run(['audit', 'verify', ...args], { files, installation });
    expect([code, err]).toEqual([1, expect.stringContaining(message)]);
  });

  test('checkpoint prints what was signed, and otherwise why nothing was', async () => {
    const making = (result: object) => ({ makeAuditCheckpoint: async () => result });
    const made = await run(['audit', 'checkpoint'], { installation: making({ kind: 'made', checkpoint: CHECKPOINT }) });
    expect([made.code, JSON.parse(made.out)]).toEqual([0, CHECKPOINT]);
    for (const kind of ['no_salt', 'no_log', 'damaged']) {
      const refused = await run(['audit', 'checkpoint'], { installation: making({ kind }) });
      expect([refused.code, refused.out]).toEqual([1, '']);
      expect(refused.err).toMatch(/\S/);
    }
  });
});

test.each([
  ['import', 'litellm', '--from', 'postgres://db/litellm', '--dry-run', '--json', '--data-dir', 'elsewhere'],
  ['import', '--dry-run', '--json', '--data-dir', 'elsewhere', 'litellm', '--from', 'postgres://db/litellm'],
])('options of `%s %s` count wherever they stand: %s %s %s %s', async (...args) => {
  const seen: unknown[] = [];
  const from = { url: 'postgres://db/litellm', schema: 'public', shown: 'db/litellm' };
  const { code, out } = await run(args, {
    installation: {
      parseLitellmAddress: () => from,
      takeOverFromLitellm: async (config: { server: { dataDir: string } }, options: { dryRun: boolean }) => {
        seen.push([config.server.dataDir, options.dryRun]);
        return { dryRun: options.dryRun, tables: [{ table: 'T', findings: [], unusedColumns: [] }], otherTables: [] };
      },
    },
  });
  expect(code).toBe(0);
  expect(seen).toEqual([[expect.stringContaining('elsewhere'), true]]);
  expect(JSON.parse(out)).toMatchObject({ dry_run: true, from: 'db/litellm' });
});

describe('spend export', () => {
  const asked = ['spend', 'export', '--from', '2026-11-01', '--to', '2026-11-23'];

  test('prints the file as it comes', async () => {
    const args = [...asked, '--group-by', 'day,key', '--key', 'key_1'];
    const { code, out, requests } = await run(args, { answer: { body: 'day,spend\r\n2026-11-01,0.5\r\n' } });
    expect([code, out]).toEqual([0, 'day,spend\r\n2026-11-01,0.5\r\n']);
    const query = 'start_date=2026-11-01&end_date=2026-11-23&format=csv&group_by=day%2Ckey&api_key=key_1';
    expect(requests).toMatchObject([{ url: `http://127.0.0.1:4000/spend/export?${query}` }]);
  });

  test('says why it was refused, and prints nothing then', async () => {
    const answer = { status: 400, body: { error: { message: 'group_by knows day, and not shoe.' } } };
    const { code, out, err } = await run(asked, { answer });
    expect([code, out, err]).toEqual([1, '', 'The gateway refused with 400: group_by knows day, and not shoe.']);
  });

  test('wants both days and a format that there is', async () => {
    expect((await run(['spend', 'export', '--from', '2026-11-01'])).code).toBe(2);
    expect((await run([...asked, '--format', 'pdf'])).code).toBe(2);
  });
});
