/**
 * One account, kept eight times: after a mixed day of calls (whole answers, streams, clients that left, failures,
 * mocked answers, several prices, cached tokens) the key, user, member, team, organisation, end user, tag and proxy have
 * spent the same, which is the sum of the ledger's rows; and the same again after the process was killed.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type GatewayWithUpstream, PRICE, startGatewayWithUpstream } from '../support/gateway-with-upstream.ts';
import { readAllRows, runDoctor } from './read-ledger.ts';

const EXACT_USD = 1e-10;
const CUSTOMER = 'customer-of-all';
const messages = [{ role: 'user' as const, content: 'How is the weather?' }];

let world: GatewayWithUpstream;
let key: string;
beforeAll(async () => {
  world = await startGatewayWithUpstream();
  await post('/organization/new', { organization_id: 'org', organization_alias: 'org' });
  await post('/user/new', { user_id: 'ada', auto_create_key: false });
  await post('/team/new', { team_id: 'crew', organization_id: 'org' });
  await post('/team/member_add', { team_id: 'crew', member: { user_id: 'ada', role: 'user' } });
  await post('/customer/new', { user_id: CUSTOMER });
  await post('/tag/new', { name: 'blue' });
  key = await world.gateway.newKey({ user_id: 'ada', team_id: 'crew' });
});
afterAll(() => world.close());

async function post(path: string, body: object) {
  const answer = await world.gateway.admin(path, body);
  expect(answer.status, `${path}: ${JSON.stringify(answer.body)}`).toBe(200);
  return answer.body;
}

/** One call, read to its end or left after some frames; how it ended does not matter here. */
async function call(model: string, { stream = false, leaveAfter = Number.POSITIVE_INFINITY } = {}): Promise<void> {
  const leaving = new AbortController();
  const body = { model, messages, max_tokens: 10_000, stream, user: CUSTOMER, metadata: { tags: ['blue'] } };
  try {
    const answer = await fetch(`${world.gateway.url}/v1/chat/completions`, {
      method: 'POST',
      signal: leaving.signal,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    let parts = 0;
    for await (const _ of answer.body ?? []) if (++parts >= leaveAfter) leaving.abort();
  } catch (error) {
    if (!leaving.signal.aborted && !model.includes('drop')) throw error;
  }
}

function workload(round: number): (() => Promise<void>)[] {
  const usage = `usage-${round * 13 + 1}-${round * 7 + 1}`;
  return [
    () => call(`fake/${usage}`),
    () => call(`fake/${usage}`, { stream: true }),
    () => call(`fake/${usage}+frames-200+every-5ms`, { stream: true, leaveAfter: 1 + (round % 4) }),
    () => call(`fake/${usage}+frames-9+drop-after-3`, { stream: true }),
    () => call(`fake/${usage}+no-usage`, { stream: true }),
    () => call(round % 2 === 0 ? 'fake/fail-500' : 'fake/malformed'),
    () => call('dime', { stream: round % 2 === 0 }),
    () => call('cached', { stream: round % 2 === 1 }),
    () => call('mocked', { stream: round % 2 === 0 }),
    () => call('free'),
    () => call('unpriced'),
  ];
}

/** What each owner has spent, as the gateway tells it. */
async function spendOfAll(): Promise<Record<string, number>> {
  const get = async (path: string) => (await world.gateway.admin(path)).body;
  const team = await get('/team/info?team_id=crew');
  return {
    key: (await get(`/key/info?key=${key}`)).info.spend,
    user: (await get('/user/info?user_id=ada')).user_info.spend,
    member: team.team_memberships.find(({ user_id }: { user_id: string }) => user_id === 'ada').spend,
    team: team.team_info.spend,
    organization: (await get('/organization/info?organization_id=org')).spend,
    'end user': (await get(`/customer/info?end_user_id=${CUSTOMER}`)).spend,
    tag: (await post('/tag/info', { names: ['blue'] })).blue.spend,
    proxy: (await get('/global/spend')).spend,
  };
}

async function expectOneAccount(): Promise<number> {
  const rows = await readAllRows(world.gateway);
  const total = rows.reduce((sum, { spend }) => sum + spend, 0);
  for (const [owner, spend] of Object.entries(await spendOfAll())) {
    expect(Math.abs(spend - total), `${owner}: ${spend}, its rows: ${total}`).toBeLessThan(EXACT_USD);
  }
  const doctor = runDoctor(world.gateway);
  expect(doctor.ok, doctor.text).toBe(true);
  return total;
}

const settled = () =>
  expect
    .poll(
      async () => {
        const rows = await readAllRows(world.gateway);
        return [rows.length, world.upstream.stats().inFlight];
      },
      { timeout: 10_000 },
    )
    .toEqual([expected, 0]);
let expected = 0;

async function run(rounds: readonly number[]): Promise<void> {
  const calls = rounds.flatMap(workload);
  expected += calls.length;
  await Promise.all(calls.map((start) => start()));
  await settled();
}

test('key, user, member, team, organisation, end user, tag and proxy keep one account, through a kill', async () => {
  await run([0, 1, 2, 3]);
  const before = await expectOneAccount();
  const rows = await readAllRows(world.gateway);
  for (const status of ['success', 'failure', 'aborted']) {
    expect(rows.filter((row) => row.status === status).length, status).toBeGreaterThan(0);
  }
  const ofUpstream = new Map(world.upstream.bill().map((entry) => [entry.responseId, entry]));
  let compared = 0;
  for (const { status, response_id, spend } of rows) {
    const entry = ofUpstream.get(response_id ?? '');
    if (status !== 'success' || entry === undefined || !/usage-\d+-\d+$/.test(entry.model) || /dime/.test(entry.model))
      continue;
    compared += 1;
    const cost = entry.promptTokens * PRICE.input + entry.completionTokens * PRICE.output;
    expect(Math.abs(spend - cost), entry.model).toBeLessThan(EXACT_USD);
  }
  expect(compared).toBeGreaterThanOrEqual(8);

  await world.gateway.kill();
  await world.gateway.restart();
  expect(Math.abs((await expectOneAccount()) - before)).toBeLessThan(EXACT_USD);

  await run([4, 5]);
  expect(await expectOneAccount()).toBeGreaterThan(before);
  // Killed with calls in flight: those that were cut are rows, too.
  const cut = workload(6).map((start) => start().catch(() => {}));
  await world.gateway.kill();
  await Promise.all(cut);
  await world.gateway.restart();
  await expectOneAccount();
}, 120_000);
