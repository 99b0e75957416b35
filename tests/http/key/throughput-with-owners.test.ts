// Keys are guaranteed their throughput while those whose limits it is taken from are changed, on two gateways.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answer, callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

let database: TestDatabase;
const gateways: TestApp[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
  for (let started = 0; started < 2; started += 1) {
    gateways.push(await startTestApp({ databaseUrl: database.url }));
  }
});
afterAll(async () => {
  for (const gateway of gateways) await gateway.close();
  await database.drop();
});

const send = (request: string, body: object, turn = 0): Promise<Answer> =>
  callGateway(gateways[turn % gateways.length] as TestApp, request, { body });

test('nobody waits for one who waits for him: all are answered, and as many keys made as there is room for', async () => {
  await send('POST /budget/new', { budget_id: 'tier', rpm_limit: 10 });
  const { organization_id } = (await send('POST /organization/new', { organization_alias: 'all', rpm_limit: 155 }))
    .body;
  for (const team_id of ['t-0', 't-1']) {
    await send('POST /team/new', { team_id, organization_id, budget_id: 'tier', rpm_limit: 100 });
  }
  const changes: [request: string, body: object][] = [
    ['POST /team/update', { team_id: 't-0', rpm_limit: 100, budget_id: 'tier', organization_id }],
    ['POST /team/update', { team_id: 't-1', rpm_limit: 100, budget_id: 'tier', organization_id }],
    ['PATCH /organization/update', { organization_id, rpm_limit: 155 }],
    ['POST /budget/update', { budget_id: 'tier', rpm_limit: 10 }],
  ];
  const answers: { request: string; status: number }[] = [];
  for (let round = 0; round < 8; round += 1) {
    const keys = Array.from({ length: 6 }, (_, n): (typeof changes)[number] => [
      'POST /key/generate',
      { team_id: `t-${n % 2}`, organization_id, budget_id: 'tier', rpm_limit_type: 'guaranteed_throughput' },
    ]);
    const acts = [...keys, ...changes, ...keys].map(async ([request, body], n) => {
      return { request, status: (await send(request, body, (n >> 1) + round)).status };
    });
    answers.push(...(await Promise.all(acts)));
  }
  const statuses = (request: string) =>
    answers.filter((answer) => answer.request === request).map(({ status }) => status);
  for (const request of ['POST /team/update', 'PATCH /organization/update', 'POST /budget/update']) {
    expect([request, new Set(statuses(request))]).toEqual([request, new Set([200])]);
  }
  expect(statuses('POST /key/generate').filter((status) => status === 200)).toHaveLength(15);
  expect(statuses('POST /key/generate').filter((status) => status === 400)).toHaveLength(81);
}, 60_000);
