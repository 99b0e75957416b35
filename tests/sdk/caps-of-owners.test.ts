/**
 * A dollar of whoever's on the path pays for ten calls of ten cents, however many are made at once: with each owner
 * capped in turn, two hundred calls race through a real socket and the upstream counts those that reached it.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  buildEndUser,
  buildMember,
  buildOrganization,
  buildTag,
  buildTeam,
  buildUser,
} from '../../src/storage/__fixtures__/rows.ts';
import { callGateway } from '../support/call-gateway.ts';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { configFor } from '../support/gateway-with-upstream.ts';
import { type SeededApp, startSeededApp } from '../support/seeded-app.ts';

const CAP = { maxBudgetNanoUsd: 1_000_000_000 };
const CALLS = 200;

interface Case {
  whose: string;
  /** Of each of the keys that call, in turn: where an owner is capped, several of its keys share the cap. */
  keys: object[];
  /** What the calls name beside their model. */
  names?: object;
  counter: string;
  /** What the refusal calls the owner. */
  called: string;
}

const CASES: Case[] = [
  {
    whose: 'a user',
    keys: [{ user_id: 'capped' }, { user_id: 'capped' }],
    counter: 'user:capped/spend',
    called: 'User=capped',
  },
  {
    whose: 'a member of a team',
    keys: [
      { user_id: 'member', team_id: 'open' },
      { user_id: 'member', team_id: 'open' },
    ],
    counter: 'member:open/member/spend',
    called: 'member',
  },
  {
    whose: 'a team',
    keys: [{ team_id: 'capped' }, { team_id: 'capped', user_id: 'rich' }],
    counter: 'team:capped/spend',
    called: 'Team=capped',
  },
  {
    whose: 'an organisation',
    keys: [{ organization_id: 'capped' }, { team_id: 'in-organisation' }],
    counter: 'organization:capped/spend',
    called: 'Organization=capped',
  },
  {
    whose: 'an end user',
    keys: [{}, {}],
    names: { user: 'capped' },
    counter: 'end_user:capped/spend',
    called: 'End User=capped',
  },
  {
    whose: 'a tag',
    keys: [{}, { tags: ['capped'] }],
    names: { metadata: { tags: ['capped'] } },
    counter: 'tag:capped/spend',
    called: 'Tag=capped',
  },
];

let upstream: FakeUpstream;
beforeAll(async () => {
  upstream = await startFakeUpstream();
});
afterAll(() => upstream.close());
beforeEach(() => upstream.reset());

const start = (mode: string, litellm: object = {}) =>
  startSeededApp(
    async (unit) => {
      await unit.users.insert(buildUser({ id: 'capped', ...CAP }));
      for (const id of ['member', 'rich']) await unit.users.insert(buildUser({ id }));
      await unit.teams.insert(buildTeam({ id: 'capped', ...CAP }));
      await unit.teams.insert(buildTeam({ id: 'open' }));
      await unit.teams.insert(buildTeam({ id: 'in-organisation', organizationId: 'capped' }));
      await unit.teamMembers.insert(buildMember({ teamId: 'open', userId: 'member', ...CAP }));
      await unit.teamMembers.insert(buildMember({ teamId: 'capped', userId: 'rich' }));
      await unit.organizations.insert(buildOrganization({ id: 'capped', ...CAP }));
      await unit.endUsers.insert(buildEndUser({ id: 'capped', ...CAP }));
      await unit.tags.insert(buildTag({ id: 'capped', ...CAP }));
    },
    { config: JSON.stringify({ ...configFor(upstream, { budget_mode: mode }), litellm_settings: litellm }) },
  );

/** Two hundred at once, spread over the keys, every other one a stream; each answer's status and what it says. */
function race(url: string, keys: readonly string[], names: object = {}) {
  return Promise.all(
    Array.from({ length: CALLS }, async (_, index) => {
      const answer = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${keys[index % keys.length]}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          model: 'slow-dime',
          max_tokens: 10,
          messages: [{ role: 'user', content: 'hi' }],
          stream: index % 4 < 2,
          ...names,
        }),
      });
      return { status: answer.status, text: await answer.text() };
    }),
  );
}

async function expectTenOfAll(gateway: SeededApp, url: string, { keys: fields, names, counter, called }: Case) {
  const keys = [];
  for (const body of fields) keys.push((await callGateway(gateway, 'POST /key/generate', { body })).body.key);
  expect(keys).not.toContain(undefined);
  const [before = 0] = await gateway.balancesOf([counter]);
  const answers = await race(url, keys, names);
  expect(upstream.stats().received).toBe(10);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
  for (const { status, text } of answers) {
    if (status === 200) continue;
    const { error } = JSON.parse(text);
    expect(status).toBe(400);
    expect(error).toMatchObject({ type: 'budget_exceeded' });
    expect(error.message).toContain(called);
  }
  const [after = 0] = await gateway.balancesOf([counter]);
  expect(after - before).toBeCloseTo(1, 10);
  const [late] = await race(url, keys.slice(0, 1), names);
  expect(late?.status).toBe(400);
  expect(upstream.stats().received).toBe(10);
}

describe.each(['standard', 'hard'])(
  'a dollar in %s mode is ten calls of ten cents at the upstream, if it is of',
  (mode) => {
    let gateway: SeededApp;
    let url: string;
    beforeAll(async () => {
      gateway = await start(mode);
      url = await gateway.listen();
    });
    afterAll(() => gateway.close());

    test.each(CASES)('$whose', async (capped) => {
      await expectTenOfAll(gateway, url, capped);
    });

    test('a key', async () => {
      const { key, key_id } = (await callGateway(gateway, 'POST /key/generate', { body: { max_budget: 1 } })).body;
      const answers = await race(url, [key]);
      expect(upstream.stats().received).toBe(10);
      expect(answers.filter(({ status }) => status === 400)).toHaveLength(CALLS - 10);
      expect(await gateway.balancesOf([`key:${key_id}/spend`])).toEqual([1]);
    });

    test('the whole proxy', async () => {
      const capped = await start(mode, { max_budget: 1, budget_duration: '30d' });
      try {
        await expectTenOfAll(capped, await capped.listen(), {
          whose: 'the proxy',
          keys: [{}, { team_id: 'open' }],
          counter: 'proxy:litellm-proxy-budget/spend',
          called: 'litellm-proxy-budget',
        });
      } finally {
        await capped.close();
      }
    });
  },
);
