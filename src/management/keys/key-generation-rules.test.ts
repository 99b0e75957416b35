/** `key_generation_settings`, through the verbs that make keys and those that move them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Caller, toKeyCaller } from '../../core/caller.ts';
import { FREE_GENERATION, type KeyGenerationRules } from '../../core/key-generation-rules.ts';
import { buildMember, buildTeam, buildUser } from '../../storage/__fixtures__/rows.ts';
import { type OpenStorage, openStorage } from '../../storage/open-storage.ts';
import {
  ACTOR,
  ADMIN,
  buildTestManagement,
  newKey,
  START_MS,
  settingsWith,
  type TestKeyManagement,
} from './__fixtures__/key-management.ts';
import { generateKey } from './generate-key.ts';
import { generateServiceAccount } from './generate-service-account.ts';
import type { KeyFields } from './key-fields.ts';
import { updateKey } from './update-key.ts';

let storage: OpenStorage;
const clock = { nowMs: START_MS };
const callers: Record<string, Caller> = { root: ADMIN };

beforeAll(async () => {
  storage = await openStorage({ url: ':memory:', nowMs: () => clock.nowMs, poolSize: 1 });
  await storage.transact(async (unit) => {
    for (const id of ['lead', 'ada']) await unit.users.insert(buildUser({ id }));
    const memberPermissions = ['/key/generate', '/key/update', '/key/service-account/generate'];
    await unit.teams.insert(buildTeam({ id: 'crew', memberPermissions }));
    await unit.teamMembers.insert(buildMember({ teamId: 'crew', userId: 'lead', role: 'admin' }));
    await unit.teamMembers.insert(buildMember({ teamId: 'crew', userId: 'ada' }));
  });
  for (const userId of ['lead', 'ada']) {
    const { key } = await generateKey(depsWith({}), ADMIN, ACTOR, newKey({ fields: { userId } }));
    callers[userId] = toKeyCaller(key, key.hash, null, await storage.ownerCache.standingOf(key));
  }
});
afterAll(() => storage.close());

function depsWith(rules: Partial<KeyGenerationRules>): TestKeyManagement {
  const settings = settingsWith({ generation: { ...FREE_GENERATION, ...rules } });
  return buildTestManagement(storage, clock, { settings });
}
const as = (name: string): Caller => callers[name] ?? expect.fail(`nobody is called ${name}`);
const asked = (fields: KeyFields, request: Record<string, string | string[] | null> = {}) =>
  newKey({ fields, request });

const ADMINS_WITH_TAGS = { team: { memberRoles: ['admin'], requiredParams: ['tags'] } } as const;

describe('a key in a team', () => {
  const deps = () => depsWith(ADMINS_WITH_TAGS);

  test.each([
    ['/key/generate', generateKey],
    ['/key/service-account/generate', generateServiceAccount],
  ])('%s is for the roles that are listed, whatever the permissions of members', async (_route, verb) => {
    const input = asked({ teamId: 'crew' }, { tags: ['a'] });
    await expect(verb(deps(), as('ada'), ACTOR, input)).rejects.toMatchObject({
      status: 400,
      param: 'team_id',
      message: "Team member role user not in allowed_team_member_roles=['admin']",
    });
    expect((await verb(deps(), as('lead'), ACTOR, input)).key.teamId).toBe('crew');
  });

  test.each([[{}], [{ tags: null }]])('wants the fields that are required: %j', async (request) => {
    const making = generateKey(deps(), as('lead'), ACTOR, asked({ teamId: 'crew' }, request));
    await expect(making).rejects.toMatchObject({ status: 400, param: 'tags' });
    await expect(making).rejects.toThrow('Required param tags not in data');
  });

  test.each([
    [ADMINS_WITH_TAGS, 400],
    [{ personal: { userRoles: ['proxy_admin'], requiredParams: [] } } as const, 400],
    [{ personal: { userRoles: null, requiredParams: ['tags'] } } as const, 400],
    [{}, 200],
  ])('is not in a team that there is not, where there are rules: %j', async (rules, status) => {
    const making = () => generateKey(depsWith(rules), ADMIN, ACTOR, asked({ teamId: 'nowhere' }));
    const { key } = await generateKey(depsWith({}), ADMIN, ACTOR, asked({ teamId: 'crew' }));
    const moving = () => updateKey(depsWith(rules), ADMIN, ACTOR, { key: key.keyId, fields: { teamId: 'nowhere' } });
    for (const act of [making, moving]) {
      if (status === 200) await act();
      else await expect(act()).rejects.toMatchObject({ status, param: 'team_id' });
    }
  });

  test('is made by an administrator of the proxy as it likes', async () => {
    expect((await generateKey(deps(), ADMIN, ACTOR, asked({ teamId: 'crew' }))).key.teamId).toBe('crew');
  });

  test('does not come about by a move either', async () => {
    const { key } = await generateKey(deps(), as('ada'), ACTOR, asked({}));
    const move = (name: string) => updateKey(deps(), as(name), ACTOR, { key: key.keyId, fields: { teamId: 'crew' } });
    await expect(move('ada')).rejects.toMatchObject({ status: 400, param: 'team_id' });
    expect(
      (await updateKey(depsWith({}), as('ada'), ACTOR, { key: key.keyId, fields: { teamId: 'crew' } })).key.teamId,
    ).toBe('crew');
  });
});

describe('a personal key', () => {
  const personal = { userRoles: ['proxy_admin'], requiredParams: ['key_alias'] } as const;

  test('is for the roles that are listed', async () => {
    await expect(generateKey(depsWith({ personal }), as('ada'), ACTOR, asked({}))).rejects.toMatchObject({
      status: 400,
      type: 'auth_error',
      message: expect.stringContaining(
        "Personal key creation has been restricted by admin. Allowed roles=['proxy_admin']. Your role=internal_user",
      ),
    });
    const inTeam = generateKey(depsWith({ personal }), as('ada'), ACTOR, asked({ teamId: 'crew' }));
    expect((await inTeam).key.teamId).toBe('crew');
  });

  test('wants the fields that are required, of administrators too', async () => {
    const deps = depsWith({ personal });
    await expect(generateKey(deps, ADMIN, ACTOR, asked({}))).rejects.toMatchObject({ status: 400, param: 'key_alias' });
    const made = await generateKey(deps, ADMIN, ACTOR, asked({ alias: 'named' }, { key_alias: 'named' }));
    expect(made.key.alias).toBe('named');
  });
});
