import { describe, expect, test } from 'vitest';
import { NOT_CHARGED } from '../core/admission.ts';
import { createBudgetCalendar } from '../core/budget-window.ts';
import type { CallLog } from '../core/call-log.ts';
import { NO_STANDING } from '../core/call-path.ts';
import type { Hold } from '../core/charge.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { LogDestination } from '../core/log-destination.ts';
import { buildModelPrice } from '../core/pricing.ts';
import type { SpendRecord } from '../core/spend-record.ts';
import { estimatedUsage } from '../core/usage.ts';
import type { GatewayDeps } from './gateway-deps.ts';
import type { OpenCall } from './open-call.ts';
import type { Outcome } from './outcome.ts';
import { settleCall } from './settle-call.ts';

const price = buildModelPrice({ inputUsd: 1e-6, outputUsd: 2e-6 });
const hold: Hold = { id: 'hold_1', charges: [], expiresAtMs: 0 };

function setUp(settle: (record: SpendRecord) => Promise<void>, storePrompts = false) {
  const seen = {
    settledHolds: 0,
    adjusted: [] as [string, number][],
    faults: [] as unknown[],
    unpriced: [] as string[],
    observed: [] as unknown[],
  };
  const deps = {
    settings: { tokenRateType: 'total', storePrompts },
    calendar: createBudgetCalendar({ timeZone: 'UTC' }),
    nowMs: () => 5,
    ledger: { settle },
    counters: {
      settle: () => {
        seen.settledHolds += 1;
      },
      adjust: (counter: string, nanoUsd: number) => seen.adjusted.push([counter, nanoUsd]),
    },
    observer: {
      settled: ({ requestId }: SpendRecord, _caller: unknown, _charges: unknown, code: unknown, upstreamMs: unknown) =>
        seen.observed.push([requestId, code, upstreamMs]),
    },
    onUnknownPrice: (model: string) => seen.unpriced.push(model),
    onFault: (error: unknown) => seen.faults.push(error),
  } as unknown as GatewayDeps;
  const call = {
    intent: { requestId: 'r1', startedAtMs: 1, tags: [], model: 'm', modelGroup: 'm', stream: false },
    request: {},
    parsed: { body: { messages: [{ content: 'hi' }] } },
    prepared: { group: 'm' },
    admission: { hold, plan: { balanceCounters: ['key:key_1/spend'], balanceCharges: [NOT_CHARGED] } },
    spendMetadata: { team: 'x' },
    logRoute: null,
  } as unknown as OpenCall;
  return { deps, call, seen };
}

const outcome: Outcome = {
  status: 'success',
  httpStatus: 200,
  error: null,
  usage: estimatedUsage(10, 5),
  candidate: { deployment: { id: 'd', provider: 'openai', apiBase: null }, price } as unknown as Outcome['candidate'],
  responseId: 'chatcmpl-1',
  firstTokenAtMs: null,
  upstreamMs: 3,
  response: 'answer',
};

describe('a bill', () => {
  test('has the cost on the row, on every balance, and on counters that held nothing of it', async () => {
    const records: SpendRecord[] = [];
    const { deps, call, seen } = setUp(async (record) => void records.push(record));
    await settleCall(deps, call, outcome);
    expect(records).toMatchObject([
      { requestId: 'r1', spendNanoUsd: 20_000, balances: [{ counter: 'key:key_1/spend', nanoUsd: 20_000 }] },
    ]);
    expect(seen).toMatchObject({ settledHolds: 1, adjusted: [['key:key_1/spend', 20_000]] });
  });

  test('holds no prompt and no answer unless they are to be stored', async () => {
    const records: SpendRecord[] = [];
    const off = setUp(async (record) => void records.push(record));
    await settleCall(off.deps, off.call, outcome);
    const on = setUp(async (record) => void records.push(record), true);
    await settleCall(on.deps, on.call, outcome);
    expect(records.map(({ messages, response }) => [messages, response])).toEqual([
      [null, null],
      ['[{"content":"hi"}]', 'answer'],
    ]);
  });

  test('holds the words of a failure where prompts are stored, since they may repeat them', async () => {
    const records: SpendRecord[] = [];
    const failed = {
      ...outcome,
      status: 'failure',
      error: new GatewayError('bad_request', 'x'.repeat(3_000)),
    } as const;
    for (const storePrompts of [false, true]) {
      const { deps, call } = setUp(async (record) => void records.push(record), storePrompts);
      await settleCall(deps, call, failed);
    }
    expect(records.map(({ metadata }) => metadata)).toEqual([
      { spend_logs_metadata: { team: 'x' } },
      { spend_logs_metadata: { team: 'x' }, error_message: 'x'.repeat(2_000) },
    ]);
  });

  test('without a price is 0, and said', async () => {
    const records: SpendRecord[] = [];
    const { deps, call, seen } = setUp(async (record) => void records.push(record));
    await settleCall(deps, call, {
      ...outcome,
      candidate: { ...outcome.candidate, price: null } as Outcome['candidate'],
    });
    expect(records).toMatchObject([{ spendNanoUsd: 0, balances: [] }]);
    expect(seen.unpriced).toEqual(['m']);
  });

  test('that cannot be written because of what the client sent is written without it', async () => {
    const records: SpendRecord[] = [];
    const { deps, call, seen } = setUp((record) => {
      if (Object.keys(record.metadata).length > 0) throw new RangeError('too deep');
      records.push(record);
      return Promise.resolve();
    });
    await settleCall(deps, call, outcome);
    expect(records).toMatchObject([{ requestId: 'r1', spendNanoUsd: 20_000, metadata: {} }]);
    expect(seen).toMatchObject({ settledHolds: 1, faults: [expect.any(RangeError)] });
  });

  test('that the journal refuses is a failure, and nothing stays held', async () => {
    const { deps, call, seen } = setUp(() => Promise.reject(new Error('disk full')));
    await expect(settleCall(deps, call, outcome)).rejects.toThrow('disk full');
    expect(seen.settledHolds).toBe(1);
  });

  test('that the journal refuses is a failure for those, too, who were told of an answer', async () => {
    const { deps, call } = setUp(() => Promise.reject(new Error('disk full')));
    const told: unknown[] = [];
    const offer = (log: CallLog, to: readonly LogDestination[]) => {
      told.push([log.facts.requestId, log.facts.status, log.failure?.httpStatus ?? null, to]);
      return Promise.resolve();
    };
    const destination = { id: 'a', outcome: 'success' } as LogDestination;
    const route = { destinations: [destination], wantsContent: false };
    const logged = { ...call, request: { caller: { key: null, ...NO_STANDING } }, logRoute: route };
    await expect(
      settleCall({ ...deps, logs: { offer, routeOf: () => route } }, logged as unknown as OpenCall, outcome),
    ).rejects.toThrow('disk full');
    expect(told).toEqual([
      ['r1', 'success', null, [destination]],
      ['r1', 'failure', 500, [{ ...destination, outcome: 'both' }]],
    ]);
  });
});
