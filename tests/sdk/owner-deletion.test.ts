/** A user or team that is deleted takes its keys along within the second, and leaves its history behind. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type GatewayWithUpstream, startGatewayWithUpstream } from '../support/gateway-with-upstream.ts';

let world: GatewayWithUpstream;
beforeAll(async () => {
  world = await startGatewayWithUpstream();
});
afterAll(() => world.close());

const post = async (path: string, body: object) => {
  const answer = await world.gateway.admin(path, body);
  expect(answer.status, `${path}: ${JSON.stringify(answer.body)}`).toBe(200);
  return answer.body;
};
const chat = (key: string, model: string, stream: boolean) =>
  fetch(`${world.gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'hi' }] }),
  });

test.each([
  ['user', '/user/new', '/user/delete', 'user_id', 'user_ids'],
  ['team', '/team/new', '/team/delete', 'team_id', 'team_ids'],
])('a deleted %s', async (kind, make, remove, field, list) => {
  const id = `gone-${kind}`;
  await post(make, { [field]: id, ...(kind === 'user' ? { auto_create_key: false } : {}) });
  const [key, second, other] = [
    await world.gateway.newKey({ [field]: id, key_alias: `alias of ${id}` }),
    await world.gateway.newKey({ [field]: id }),
    await world.gateway.newKey(),
  ];
  expect((await chat(key, 'dime', false)).status).toBe(200);

  // Both would go on for a minute.
  const [stream, otherStream] = await Promise.all(
    [key, other].map(async (secret) => (await chat(secret, 'fake/frames-600+every-100ms', true)).body?.getReader()),
  );
  await stream?.read();
  await otherStream?.read();
  await post(remove, { [list]: [id] });
  for (const secret of [key, second]) {
    const refused = await chat(secret, 'dime', false);
    expect(refused.status).toBe(401);
    await refused.arrayBuffer();
  }
  const rest = async () => {
    let text = '';
    for (;;) {
      const part = await stream?.read().catch(() => undefined);
      if (part === undefined || part.done) return text;
      text += new TextDecoder().decode(part.value);
    }
  };
  const late = new Promise((resolve) => setTimeout(resolve, 1_000, 'goes on'));
  const text = await Promise.race([rest(), late]);
  expect(text).not.toBe('goes on');
  expect(text).not.toContain('[DONE]');
  expect((await otherStream?.read())?.done).toBe(false);
  await otherStream?.cancel();

  const hash = createHash('sha256').update(key).digest('hex');
  await expect.poll(async () => (await world.rowsOf(hash)).length, { timeout: 5_000 }).toBe(2);
  const rows = (await world.rowsOf(hash)) as unknown as Record<string, unknown>[];
  expect(rows.map((row) => row[kind === 'user' ? 'user' : 'team_id'])).toEqual([id, id]);
  expect(rows.map(({ spend }) => spend)).toContain(0.1);
  const { keys } = (await world.gateway.admin(`/key/list?status=deleted&return_full_object=true&${field}=${id}`)).body;
  expect(keys).toHaveLength(2);
  const kept = keys.find(({ token }: { token: string }) => token === hash);
  expect(kept).toMatchObject({ key_alias: `alias of ${id}`, [field]: id });
  expect(kept.spend).toBeGreaterThanOrEqual(0.1);
});
