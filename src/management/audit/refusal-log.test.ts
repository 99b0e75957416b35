import { beforeEach, expect, test } from 'vitest';
import { type Actor, type AuditEntry, systemActor } from '../../core/audit.ts';
import { createRefusalLog, type Refusal, type RefusalLog } from './refusal-log.ts';

const MINUTE_MS = 60_000;
let clock = 0;
let rows: AuditEntry[] = [];
let failures: unknown[] = [];
let fails = false;
let log: RefusalLog;

beforeEach(() => {
  clock = Date.UTC(2026, 0, 1);
  rows = [];
  failures = [];
  fails = false;
  let ids = 0;
  log = createRefusalLog({
    audit: {
      append: async (entry) => {
        if (fails) throw new Error('no database');
        rows.push(entry);
      },
    },
    nowMs: () => clock,
    newId: (prefix) => `${prefix}${++ids}`,
    onFailure: (error) => failures.push(error),
  });
});

function refusal(actor: Partial<Actor>): Refusal {
  return {
    actor: { ...systemActor('bob', 'request'), route: 'POST /key/generate', sourceIp: '10.0.0.1', ...actor },
    target: { tableName: 'LiteLLM_VerificationToken', objectId: 'x', objectKeyId: null, objectName: null },
    status: 403,
    type: 'auth_error',
    param: 'models',
    message: 'm'.repeat(2_000),
  };
}
const known = (hash = 'h1') => refusal({ callerKind: 'key', changedByHash: hash });
const stranger = (sourceIp = '10.0.0.1') => refusal({ callerKind: 'anonymous', changedByHash: '', sourceIp });

const repeat = (times: number, attempt: () => Refusal) =>
  Promise.all(Array.from({ length: times }, () => log.record(attempt())));

test('an attempt with a credential is a row that says who, at what, and why not', async () => {
  await log.record(known());
  expect(rows).toEqual([
    {
      ...known().actor,
      ...known().target,
      id: 'audit_1',
      atMs: clock,
      action: 'denied',
      before: null,
      after: { status: 403, type: 'auth_error', param: 'models', message: 'm'.repeat(500) },
    },
  ]);
});

test('a flood with one credential is listed up to its bound, and then counted', async () => {
  await repeat(1_500, () => known());
  expect(rows).toHaveLength(1_000);
  await log.record(known('h2'));
  expect(rows).toHaveLength(1_001);
  clock += 61 * MINUTE_MS;
  await log.flush();
  expect(rows).toHaveLength(1_002);
  expect(rows.at(-1)).toMatchObject({
    action: 'denied',
    changedByHash: 'h1',
    tableName: 'requests',
    route: null,
    after: { attempts_not_listed: 500, routes: { 'POST /key/generate': 500 }, source_ips: { '10.0.0.1': 500 } },
  });
  await log.record(known());
  expect(rows).toHaveLength(1_003);
});

test('strangers share one small bound, from however many places they come', async () => {
  let sources = 0;
  await repeat(5_000, () => stranger(`10.0.${++sources % 256}.${sources % 250}`));
  expect(rows).toHaveLength(20);
  clock += 11 * MINUTE_MS;
  await log.record(stranger());
  expect(rows).toHaveLength(22);
  const counted = rows.find(({ tableName }) => tableName === 'requests');
  expect(counted).toMatchObject({ callerKind: 'anonymous', after: { attempts_not_listed: 4_980 } });
  expect(Object.keys(counted?.after?.source_ips ?? {})).toHaveLength(20);
});

test('what was counted is written when the gateway stops', async () => {
  await repeat(21, () => stranger());
  await log.flush();
  expect(rows).toHaveLength(20);
  await log.flush(true);
  await log.flush(true);
  expect(rows).toHaveLength(21);
});

test('any number of credentials is remembered in bounded memory, and no count is lost over it', async () => {
  await repeat(1_001, () => known('first'));
  for (let number = 0; number < 10_000; number++) await log.record(known(`other ${number}`));
  expect(rows.filter(({ tableName }) => tableName === 'requests')).toMatchObject([
    { changedByHash: 'first', after: { attempts_not_listed: 1 } },
  ]);
});

test('a log that cannot be written does not turn a refusal into a failure', async () => {
  fails = true;
  await log.record(known());
  expect(failures).toHaveLength(1);
});
