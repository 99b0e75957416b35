// Reports and exports over a ledger of calls by several owners on several days: every sum is that of the calls' rows.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildMember, buildOrganization, buildTeam, buildUser } from '../../src/storage/__fixtures__/rows.ts';
import { callGateway } from '../support/call-gateway.ts';
import { type SeededApp, startSeededApp } from '../support/seeded-app.ts';

const DAY_MS = 86_400_000;
const clock = { nowMs: Date.UTC(2026, 10, 29, 12) };
const DAYS = 'start_date=2026-11-29&end_date=2026-12-01';

interface LogRow {
  spend: number;
  total_tokens: number;
  prompt_tokens: number;
  completion_tokens: number;
  startTime: string;
  model: string;
  api_key: string;
  user: string;
  team_id: string | null;
  organization_id: string | null;
  end_user: string | null;
  custom_llm_provider: string | null;
  request_tags: string[];
  status: string;
  metadata: { user_api_key_alias: string | null };
}

let gateway: SeededApp;
let rows: LogRow[];
const keys: Record<string, string> = {};

const MODELS = ['mock-gpt', 'gpt-4', 'no-such-model'];
const TAGS: string[][] = [[], ['=cmd()'], ['blue', 'red'], ['red']];

beforeAll(async () => {
  gateway = await startSeededApp(
    async (unit) => {
      await unit.organizations.insert(buildOrganization({ id: 'org', alias: 'The organisation' }));
      await unit.teams.insert(buildTeam({ id: 'crew', alias: 'The crew', organizationId: 'org' }));
      await unit.teams.insert(buildTeam({ id: 'others', alias: null }));
      await unit.users.insert(buildUser({ id: 'ada', alias: 'Ada', email: 'ada@example.com' }));
      await unit.users.insert(buildUser({ id: 'lead' }));
      await unit.teamMembers.insert(buildMember({ teamId: 'crew', userId: 'ada', role: 'user' }));
      await unit.teamMembers.insert(buildMember({ teamId: 'crew', userId: 'lead', role: 'admin' }));
    },
    { nowMs: () => clock.nowMs },
  );
  for (const [name, body] of Object.entries({
    ada: { user_id: 'ada', team_id: 'crew', key_alias: 'of ada' },
    lead: { user_id: 'lead', key_alias: '+of lead' },
    others: { team_id: 'others', key_alias: 'of others' },
    reader: { permissions: { get_spend_routes: true } },
  })) {
    keys[name] = (await callGateway(gateway, 'POST /key/generate', { body })).body.key;
  }
  for (let call = 0; call < 36; call += 1) {
    clock.nowMs = Date.UTC(2026, 10, 29, 12) + (call % 3) * DAY_MS + call * 1_000;
    const key = ['ada', 'lead', 'others'][call % 4 === 3 ? 0 : call % 3] as string;
    await callGateway(gateway, 'POST /chat/completions', {
      key: keys[key] as string,
      body: {
        model: MODELS[call % 5 === 4 ? 2 : call % 2],
        messages: [{ role: 'user', content: 'x'.repeat(call * 5 + 1) }],
        metadata: { tags: TAGS[call % 4] },
        ...(call % 7 === 0 ? { user: 'customer' } : {}),
      },
    });
  }
  rows = (await callGateway(gateway, 'GET /spend/logs?limit=1000')).body;
  expect(rows.length).toBeGreaterThan(20);
});
afterAll(() => gateway.close());

const get = async (path: string, key?: string) => {
  const { status, body } = await callGateway(gateway, `GET ${path}`, key === undefined ? {} : { key });
  expect([path, status, status === 200 ? null : body]).toEqual([path, 200, null]);
  return body;
};
const refuse = async (path: string, key?: string) => {
  const { status, body } = await callGateway(gateway, `GET ${path}`, key === undefined ? {} : { key });
  return [status, body.error?.param ?? null];
};
const download = async (query: string, key = gateway.masterKey) => {
  const { statusCode, headers, body } = await gateway.app.inject({
    url: `/spend/export?${query}`,
    headers: { authorization: `Bearer ${key}` },
  });
  expect(statusCode).toBe(200);
  return { headers, body };
};

const spendOf = (of: readonly LogRow[]) => of.reduce((sum, { spend }) => sum + spend, 0);
const tokensOf = (of: readonly LogRow[]) => of.reduce((sum, row) => sum + row.prompt_tokens + row.completion_tokens, 0);
const dayOf = (row: LogRow) => row.startTime.slice(0, 10);
const isNear = (spend: number) => expect.closeTo(spend, 10);

function groupBy(of: readonly LogRow[], nameOf: (row: LogRow) => string | readonly string[]): Map<string, LogRow[]> {
  const groups = new Map<string, LogRow[]>();
  for (const row of of) for (const name of [nameOf(row)].flat()) groups.set(name, [...(groups.get(name) ?? []), row]);
  return groups;
}
const metricsOf = (of: readonly LogRow[]) => ({
  spend: isNear(spendOf(of)),
  prompt_tokens: of.reduce((sum, row) => sum + row.prompt_tokens, 0),
  completion_tokens: of.reduce((sum, row) => sum + row.completion_tokens, 0),
  total_tokens: tokensOf(of),
  api_requests: of.length,
  failed_requests: of.filter(({ status }) => status === 'failure').length,
  successful_requests: of.filter(({ status }) => status !== 'failure').length,
  cache_read_input_tokens: 0,
  cache_creation_input_tokens: 0,
});

// biome-ignore lint/suspicious/noExplicitAny: replies of the management API, looked into member by member
function expectActivity(body: any, of: readonly LogRow[], entityOf: (row: LogRow) => string | readonly string[]) {
  const days = groupBy(of, dayOf);
  expect(body.results.map(({ date }: { date: string }) => date)).toEqual([...days.keys()].sort().reverse());
  for (const { date, metrics, breakdown } of body.results) {
    const ofDay = days.get(date) ?? [];
    expect(metrics).toEqual(metricsOf(ofDay));
    for (const [part, nameOf] of [
      ['models', (row: LogRow) => row.model],
      ['providers', (row: LogRow) => row.custom_llm_provider ?? 'unknown'],
      ['api_keys', (row: LogRow) => row.api_key],
      ['entities', entityOf],
    ] as const) {
      const groups = groupBy(ofDay, nameOf);
      expect(Object.keys(breakdown[part]).sort()).toEqual([...groups.keys()].sort());
      for (const [name, group] of groups) expect(breakdown[part][name].metrics).toEqual(metricsOf(group));
    }
    for (const [model, group] of groupBy(ofDay, (row) => row.model)) {
      for (const [hash, ofKey] of groupBy(group, (row) => row.api_key)) {
        expect(breakdown.models[model].api_key_breakdown[hash]).toEqual({
          metrics: metricsOf(ofKey),
          metadata: {
            key_alias: ofKey[0]?.metadata.user_api_key_alias,
            team_id: expect.toSatisfy(() => true),
            user_id: ofKey[0]?.user || null,
            user_email: ofKey[0]?.user === 'ada' ? 'ada@example.com' : null,
            key_exists: true,
          },
        });
      }
    }
  }
  expect(body.metadata).toMatchObject({
    total_spend: isNear(spendOf(of)),
    total_tokens: tokensOf(of),
    total_api_requests: of.length,
  });
}

const notEmpty = (name: string | null) => (name === null || name === '' ? [] : [name]);

describe('daily activity', () => {
  const kinds = [
    ['/user/daily/activity', () => true, (row: LogRow) => notEmpty(row.user)],
    ['/team/daily/activity', (row: LogRow) => row.team_id !== null, (row: LogRow) => notEmpty(row.team_id)],
    [
      '/organization/daily/activity',
      (row: LogRow) => row.organization_id !== null,
      (row: LogRow) => notEmpty(row.organization_id),
    ],
    ['/customer/daily/activity', (row: LogRow) => row.end_user !== null, (row: LogRow) => notEmpty(row.end_user)],
    ['/end_user/daily/activity', (row: LogRow) => row.end_user !== null, (row: LogRow) => notEmpty(row.end_user)],
    ['/tag/daily/activity', (row: LogRow) => row.request_tags.length > 0, (row: LogRow) => row.request_tags],
  ] as const;

  test.each(kinds)('%s adds up to the calls, day by day and part by part', async (path, isAbout, entityOf) => {
    const body = await get(`${path}?${DAYS}`);
    expectActivity(body, rows.filter(isAbout), entityOf);
    expect(body.metadata).toMatchObject({ page: 1, total_pages: 1, has_more: false });
  });

  test.each(['/user/daily/activity', '/team/daily/activity'])(
    '%s/aggregated says the same in one piece',
    async (path) => {
      const [paged, whole] = [await get(`${path}?${DAYS}`), await get(`${path}/aggregated?${DAYS}`)];
      expect(whole.metadata).toEqual(paged.metadata);
      expect(whole.results).toEqual(paged.results);
    },
  );

  test('pages add up to the whole', async () => {
    const pages: { metadata: Record<string, number> }[] = [];
    for (let page = 1; ; page += 1) {
      const body = await get(`/user/daily/activity?${DAYS}&page=${page}&page_size=3`);
      pages.push(body);
      if (!body.metadata.has_more) break;
    }
    expect(pages.length).toBeGreaterThan(2);
    expect(pages[0]?.metadata.total_pages).toBe(pages.length);
    const sum = (name: string) => pages.reduce((total, { metadata }) => total + (metadata[name] ?? 0), 0);
    expect(sum('total_spend')).toBeCloseTo(spendOf(rows), 10);
    expect(sum('total_api_requests')).toBe(rows.length);
  });

  test('is narrowed by names, and names owners', async () => {
    const body = await get(`/team/daily/activity?${DAYS}&team_ids=crew,nobody&model=mock-gpt`);
    expectActivity(
      body,
      rows.filter((row) => row.team_id === 'crew' && row.model === 'mock-gpt'),
      () => 'crew',
    );
    expect(body.results[0].breakdown.entities.crew.metadata).toEqual({ team_alias: 'The crew' });
    const except = await get(`/team/daily/activity?${DAYS}&exclude_team_ids=crew`);
    expectActivity(
      except,
      rows.filter((row) => row.team_id === 'others'),
      () => 'others',
    );
    const tagged = await get(`/tag/daily/activity?${DAYS}&tags=blue`);
    expectActivity(
      tagged,
      rows.filter((row) => row.request_tags.includes('blue')),
      (row) => row.request_tags,
    );
    const ofKey = await get(`/user/daily/activity?${DAYS}&api_key=${encodeURIComponent('of ada')}`);
    expectActivity(
      ofKey,
      rows.filter((row) => row.user === 'ada'),
      () => 'ada',
    );
    const nothing = await get(`/user/daily/activity?${DAYS}&api_key=no-such-key`);
    expect(nothing.results).toEqual([]);
    expect(nothing.metadata).toMatchObject({ page: 1, total_pages: 1, has_more: false });
  });

  test('shows a user itself, a team admin its team, and a reader everything', async () => {
    const own = (user: string) => rows.filter((row) => row.user === user);
    expectActivity(await get(`/user/daily/activity?${DAYS}`, keys.ada), own('ada'), () => 'ada');
    expectActivity(await get(`/user/daily/activity?${DAYS}`, keys.lead), own('lead'), () => 'lead');
    expectActivity(await get(`/user/daily/activity?${DAYS}&user_id=ada`, keys.lead), own('ada'), () => 'ada');
    expect(await refuse(`/user/daily/activity?${DAYS}&user_id=lead`, keys.ada)).toEqual([403, 'user_id']);
    const crew = rows.filter((row) => row.team_id === 'crew');
    expectActivity(await get(`/team/daily/activity?${DAYS}`, keys.lead), crew, () => 'crew');
    for (const team of ['others', 'no-such-team']) {
      expect(await refuse(`/team/daily/activity?${DAYS}&team_ids=crew,${team}`, keys.lead)).toEqual([404, 'team_ids']);
    }
    expectActivity(await get(`/user/daily/activity?${DAYS}`, keys.reader), rows, (row) => notEmpty(row.user));
  });
});

describe('global reports', () => {
  test('by team, customer and key add up to the calls', async () => {
    const teams = await get(`/global/spend/report?${DAYS}`);
    for (const { group_by_day: day, teams: ofDay } of teams) {
      const groups = groupBy(
        rows.filter((row) => day === `${dayOf(row)}T00:00:00+00:00`),
        (row) => row.team_id ?? '',
      );
      expect(ofDay).toHaveLength(groups.size);
      for (const { team_id: id, team_name: name, total_spend: spend, metadata } of ofDay) {
        expect(spend).toBeCloseTo(spendOf(groups.get(id ?? '') ?? []), 10);
        expect(name).toBe({ crew: 'The crew', others: 'others' }[id as string] ?? 'Unassigned');
        expect(metadata.reduce((sum: number, part: { spend: number }) => sum + part.spend, 0)).toBeCloseTo(spend, 10);
      }
    }
    const customers = await get(`/global/spend/report?${DAYS}&group_by=customer`);
    const ofCustomer = rows.filter((row) => row.end_user === 'customer');
    const named = customers.flatMap(({ customers: list }: { customers: object[] }) => list);
    expect(named.every(({ customer }: { customer: string }) => customer === 'customer')).toBe(true);
    expect(named.reduce((sum: number, one: { total_spend: number }) => sum + one.total_spend, 0)).toBeCloseTo(
      spendOf(ofCustomer),
      10,
    );
    const byKey = await get(`/global/spend/report?${DAYS}&group_by=api_key`);
    const groups = groupBy(rows, (row) => row.api_key);
    expect(byKey).toHaveLength(groups.size);
    for (const item of byKey) {
      const group = groups.get(item.api_key) ?? [];
      expect(item).toMatchObject({
        total_cost: isNear(spendOf(group)),
        total_input_tokens: metricsOf(group).prompt_tokens,
        total_output_tokens: metricsOf(group).completion_tokens,
      });
      expect(item.model_details).toHaveLength(groupBy(group, (row) => row.model).size);
    }
    expect(await get(`/global/spend/report?${DAYS}&internal_user_id=ada`)).toMatchObject([
      { total_cost: isNear(spendOf(rows.filter((row) => row.user === 'ada'))) },
    ]);
  });

  test('by team per day, by provider, and the names of tags', async () => {
    const teams = await get(`/global/spend/teams?${DAYS}`);
    expect(teams.daily_spend).toHaveLength(3);
    expect([...teams.teams].sort()).toEqual(['The crew', 'Unassigned', 'others']);
    for (const { date, ...spend } of teams.daily_spend) {
      const ofCrew = rows.filter((row) => dayOf(row) === date && row.team_id === 'crew');
      expect(spend['The crew'] ?? 0).toBeCloseTo(spendOf(ofCrew), 10);
    }
    expect((await get('/global/spend/teams')).total_spend_per_team).toEqual(teams.total_spend_per_team);
    const providers = await get(`/global/spend/provider?${DAYS}`);
    const groups = groupBy(rows, (row) => row.custom_llm_provider ?? 'unknown');
    expect(
      Object.fromEntries(providers.map((one: { provider: string; spend: number }) => [one.provider, one.spend])),
    ).toEqual(Object.fromEntries([...groups].map(([name, group]) => [name, isNear(spendOf(group))])));
    expect(await get('/global/spend/all_tag_names')).toEqual({ tag_names: ['=cmd()', 'blue', 'red'] });
  });

  test('of calls and tokens, by day and model', async () => {
    const all = await get(`/global/activity?${DAYS}`);
    expect(all).toMatchObject({ sum_api_requests: rows.length, sum_total_tokens: tokensOf(rows) });
    expect(all.daily_data.map(({ date }: { date: string }) => date)).toEqual(['Nov 29', 'Nov 30', 'Dec 01']);
    const models = await get(`/global/activity/model?${DAYS}`);
    expect(models.reduce((sum: number, one: { sum_api_requests: number }) => sum + one.sum_api_requests, 0)).toBe(
      rows.length,
    );
    const own = await get(`/global/activity?${DAYS}`, keys.ada);
    expect(own.sum_api_requests).toBe(rows.filter((row) => row.user === 'ada').length);
  });
});

/** A CSV file as rows of cells. */
function parseCsv(text: string): Record<string, string>[] {
  const lines = text
    .trimEnd()
    .split('\r\n')
    .map((line) =>
      [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)]
        .slice(0, line.endsWith(',') ? undefined : -1)
        .map(([, cell = '']) => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)),
    );
  const [header = [], ...cells] = lines;
  return cells.map((line) => Object.fromEntries(header.map((name, index) => [name, line[index] ?? ''])));
}

describe('GET /spend/export', () => {
  const DIMENSIONS: Record<string, { column: string; read: (row: LogRow) => string | readonly string[] }> = {
    day: { column: 'day', read: dayOf },
    model: { column: 'model', read: (row) => row.model },
    key: { column: 'key_alias', read: (row) => row.metadata.user_api_key_alias ?? '' },
    user: { column: 'user_id', read: (row) => row.user },
    team: { column: 'team_id', read: (row) => row.team_id ?? '' },
    tag: { column: 'tag', read: (row) => (row.request_tags.length === 0 ? '' : row.request_tags) },
    organization: { column: 'organization_id', read: (row) => row.organization_id ?? '' },
    provider: { column: 'provider', read: (row) => row.custom_llm_provider ?? '' },
  };

  test.each([
    'day',
    'model',
    'key',
    'user',
    'team',
    'tag',
    'organization',
    'provider',
    'model,day,tag',
    'key,team,user,tag,model,day',
  ])('by %s adds up to the calls, as NDJSON and as CSV', async (by) => {
    const dimensions = by.split(',').map((name) => DIMENSIONS[name] as (typeof DIMENSIONS)[string]);
    const expected = groupBy(rows, (row) =>
      dimensions.reduce<string[]>(
        (names, { read }) => names.flatMap((name) => [read(row)].flat().map((next) => `${name}|${next}`)),
        [''],
      ),
    );
    const lines = (await download(`${DAYS}&format=ndjson&group_by=${by}`)).body.trimEnd().split('\n');
    const objects = lines.map((line) => JSON.parse(line));
    expect(objects).toHaveLength(expected.size);
    for (const object of objects) {
      const name = dimensions.map(({ column }) => `|${object[column] ?? ''}`).join('');
      expect(object).toMatchObject(metricsOf(expected.get(name) ?? []));
    }
    const table = parseCsv((await download(`${DAYS}&group_by=${by}`)).body);
    expect(table.map(({ spend }) => Number(spend))).toEqual(objects.map(({ spend }) => spend));
    expect(table.map(({ api_requests: calls }) => Number(calls))).toEqual(
      objects.map(({ api_requests: calls }) => calls),
    );
  });

  test('is a table that a spreadsheet carries nothing out of, with whole decimals', async () => {
    const { headers, body } = await download(`${DAYS}&format=csv&group_by=day,key,tag`);
    expect(headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="spend.csv"',
    });
    expect(body.split('\r\n')[0]).toBe(
      'day,key_id,key_alias,key_name,tag,prompt_tokens,completion_tokens,cache_read_input_tokens,' +
        'cache_creation_input_tokens,total_tokens,successful_requests,failed_requests,api_requests,spend',
    );
    expect(body).toContain("'=cmd()");
    expect(body).toContain("'+of lead");
    expect(body).not.toMatch(/(^|,)[=+@]/m);
    for (const { spend } of parseCsv(body)) expect(spend).toMatch(/^\d+(\.\d+)?$/);
  });

  test('holds what its caller may see and nothing else', async () => {
    const days = async (key: string | undefined) => {
      const { body } = await download(`${DAYS}&format=ndjson&group_by=user,team`, key);
      return body
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
    };
    expect(await days(keys.ada)).toMatchObject([{ user_id: 'ada', user_alias: 'Ada', team_id: 'crew' }]);
    expect((await days(keys.lead)).map(({ user_id: id, team_id: team }) => [id, team])).toEqual([
      ['ada', 'crew'],
      ['lead', null],
    ]);
    expect(await refuse(`/spend/export?${DAYS}`, keys.others)).toEqual([401, null]);
    expect((await download(`${DAYS}&format=ndjson&api_key=no-such-key`)).body).toBe('');
  });
});

describe('FOCUS charges', () => {
  /** Columns that the specification's version 1.2 demands of all data, and whether they may be empty. */
  const MANDATORY: Record<string, 'filled' | 'nullable'> = {
    BilledCost: 'filled',
    BillingAccountId: 'filled',
    BillingAccountName: 'nullable',
    BillingCurrency: 'filled',
    BillingPeriodEnd: 'filled',
    BillingPeriodStart: 'filled',
    ChargeCategory: 'filled',
    ChargeClass: 'nullable',
    ChargeDescription: 'nullable',
    ChargePeriodEnd: 'filled',
    ChargePeriodStart: 'filled',
    ContractedCost: 'filled',
    EffectiveCost: 'filled',
    InvoiceIssuerName: 'filled',
    ListCost: 'filled',
    PricingQuantity: 'filled',
    PricingUnit: 'filled',
    ProviderName: 'filled',
    PublisherName: 'filled',
    ServiceCategory: 'filled',
    ServiceName: 'filled',
  };
  const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

  test('have every mandatory column, add up, and count each call once', async () => {
    const { headers, body } = await download(`${DAYS}&format=focus`);
    expect(headers['content-disposition']).toBe('attachment; filename="spend-focus.csv"');
    const columns = (body.split('\r\n')[0] as string).split(',');
    expect(columns).toEqual(expect.arrayContaining(Object.keys(MANDATORY)));
    expect(new Set(columns).size).toBe(columns.length);
    const charges = parseCsv(body);
    for (const charge of charges) {
      for (const [name, rule] of Object.entries(MANDATORY))
        if (rule === 'filled') expect([name, charge[name]]).not.toEqual([name, '']);
      for (const cost of ['BilledCost', 'ContractedCost', 'EffectiveCost', 'ListCost'])
        expect(charge[cost]).toMatch(/^\d+(\.\d+)?$/);
      for (const time of ['BillingPeriodStart', 'BillingPeriodEnd', 'ChargePeriodStart', 'ChargePeriodEnd'])
        expect(charge[time]).toMatch(DATE_TIME);
      expect(charge).toMatchObject({
        BillingCurrency: 'USD',
        ChargeCategory: 'Usage',
        ChargeClass: '',
        ChargeFrequency: 'Usage-Based',
        ConsumedUnit: 'Requests',
        PricingUnit: 'Tokens',
        ServiceCategory: 'AI and Machine Learning',
      });
      // A charge lies within its billing period.
      expect((charge.BillingPeriodStart as string) <= (charge.ChargePeriodStart as string)).toBe(true);
      expect((charge.ChargePeriodEnd as string) <= (charge.BillingPeriodEnd as string)).toBe(true);
      if (charge.Tags !== '')
        expect(Object.values(JSON.parse(charge.Tags as string)).every((value) => value === true)).toBe(true);
      expect(Number(charge.ConsumedQuantity)).toBeGreaterThan(0);
    }
    const sumOf = (name: string) => charges.reduce((sum, charge) => sum + Number(charge[name]), 0);
    expect(sumOf('BilledCost')).toBeCloseTo(spendOf(rows), 10);
    expect(sumOf('ConsumedQuantity')).toBe(rows.length);
    expect(sumOf('PricingQuantity')).toBe(tokensOf(rows));
    const crew = charges.find(({ SubAccountId: id }) => id === 'crew');
    expect(crew).toMatchObject({
      SubAccountName: 'The crew',
      BillingAccountId: 'org',
      BillingAccountName: 'The organisation',
    });
    expect(charges.find(({ ChargePeriodStart: start }) => start === '2026-12-01T00:00:00Z')).toMatchObject({
      BillingPeriodStart: '2026-12-01T00:00:00Z',
      BillingPeriodEnd: '2027-01-01T00:00:00Z',
    });
  });

  test('are coarser where less is asked for, and add up as before', async () => {
    const fine = parseCsv((await download(`${DAYS}&format=focus`)).body);
    const coarse = parseCsv((await download(`${DAYS}&format=focus&group_by=day,team`)).body);
    expect(coarse.length).toBeLessThan(fine.length);
    const sumOf = (charges: Record<string, string>[]) =>
      charges.reduce((sum, { BilledCost }) => sum + Number(BilledCost), 0);
    expect(sumOf(coarse)).toBeCloseTo(sumOf(fine), 10);
  });
});

describe('what cannot be answered is refused by its name', () => {
  const PATHS = [
    '/spend/export',
    '/user/daily/activity',
    '/user/daily/activity/aggregated',
    '/team/daily/activity',
    '/global/spend/report',
    '/global/spend/provider',
    '/global/activity',
    '/global/activity/model',
  ];
  test.each(PATHS)('%s', async (path) => {
    expect(await refuse(path)).toEqual([400, 'start_date']);
    expect(await refuse(`${path}?start_date=2026-11-29`)).toEqual([400, 'end_date']);
    expect(await refuse(`${path}?start_date=yesterday&end_date=2026-11-29`)).toEqual([400, 'start_date']);
    expect(await refuse(`${path}?start_date=2026-06-31&end_date=2026-11-29`)).toEqual([400, 'start_date']);
    expect(await refuse(`${path}?start_date=2026-11-30&end_date=2026-11-29`)).toEqual([400, 'start_date']);
    expect(await refuse(`${path}?start_date=2020-01-01&end_date=2026-11-29`)).toEqual([400, 'end_date']);
  });

  test('groups and formats that there are not', async () => {
    expect(await refuse(`/spend/export?${DAYS}&group_by=day,shoe`)).toEqual([400, 'group_by']);
    expect(await refuse(`/spend/export?${DAYS}&format=pdf`)).toEqual([422, 'format']);
    expect(await refuse(`/global/spend/report?${DAYS}&group_by=shoe`)).toEqual([422, 'group_by']);
    expect(await refuse('/global/spend/teams?start_date=2026-11-29')).toEqual([400, 'end_date']);
  });
});
