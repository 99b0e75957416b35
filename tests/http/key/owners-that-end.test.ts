// A key that is made for, or moved to, a team or a user in the moment in which that one is deleted is dead, or was not.

import { expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp } from '../../support/compose-for-test.ts';
import { createTestDatabase } from '../../support/postgres.ts';

test.each(['SQLite', 'PostgreSQL'])(
  'on %s no key outlives what it was made for',
  async (kind) => {
    const database = kind === 'SQLite' ? null : await createTestDatabase();
    const gateway = await startTestApp(database === null ? {} : { databaseUrl: database.url });
    try {
      const post = (path: string, body: object, key = gateway.masterKey) =>
        callGateway(gateway, `POST ${path}`, { body, key });
      for (const [field, remove, list] of [
        ['team_id', '/team/delete', 'team_ids'],
        ['user_id', '/user/delete', 'user_ids'],
      ] as const) {
        for (let round = 0; round < 3; round += 1) {
          const names = { team_id: `team-${field}-${round}`, user_id: `user-${field}-${round}` };
          const { team_id, user_id } = names;
          await post('/user/new', { user_id, auto_create_key: false });
          await post('/team/new', { team_id, members_with_roles: [{ role: 'admin', user_id }] });
          // Neither an administrator, who may name whom there is not, nor dead before its time.
          const { key } = (await post('/key/generate', { user_id })).body;
          const asked = { [field]: names[field] };
          // Its own, which it takes into its team.
          const strays = await Promise.all(
            Array.from({ length: field === 'team_id' ? 6 : 0 }, () => post('/key/generate', {}, key)),
          );
          // All are in flight at once, the end among them.
          const answers = await Promise.all(
            Array.from({ length: 20 }, (_, index) => {
              const stray = strays[index / 3]?.body.key;
              if (index === 4 + 3 * round) return post(remove, { [list]: [names[field]] });
              return stray ? post('/key/update', { key: stray, ...asked }, key) : post('/key/generate', asked, key);
            }),
          );
          expect(answers[4 + 3 * round]?.status).toBe(200);
          expect(answers.filter(({ status }) => ![200, 400, 401, 409].includes(status))).toEqual([]);
          expect((await callGateway(gateway, `GET /key/list?${field}=${names[field]}`)).body.keys).toEqual([]);
          for (const { body } of answers.filter((answer) => answer.body.key !== undefined)) {
            expect((await callGateway(gateway, 'GET /v1/models', { key: body.key })).status).toBe(401);
          }
        }
      }
    } finally {
      await gateway.close();
      await database?.drop();
    }
  },
  60_000,
);
