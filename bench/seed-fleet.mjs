// One of everything that a fleet consists of, made by the gateway itself: the pattern of all others. And two people who
// see a part of the fleet, with a key each to ask with.

import { startGateway } from './targets.mjs';

/**
 * @param {string} dataDir
 * @param {string | null} databaseUrl
 * @returns {Promise<{ teamAdmin: string, organizationAdmin: string }>} The secrets of those two.
 */
export async function seedFleet(dataDir, databaseUrl) {
  const gateway = await startGateway(1, { dataDir, key: null, databaseUrl, mock: true });
  await gateway.admin('/team/new', { team_id: 'pattern', team_alias: 'Pattern' });
  const user = { user_role: 'internal_user', auto_create_key: false };
  await gateway.admin('/user/new', { ...user, user_id: 'pattern' });
  await gateway.admin('/user/new', { ...user, user_id: 'team-admin' });
  await gateway.admin('/user/new', { ...user, user_id: 'org-admin', user_role: 'org_admin' });
  await gateway.admin('/team/member_add', { team_id: 'pattern', member: { role: 'user', user_id: 'pattern' } });
  const { key } = await gateway.admin('/key/generate', {
    key_alias: 'pattern',
    user_id: 'pattern',
    team_id: 'pattern',
    max_budget: 1,
    tags: ['pattern'],
  });
  const teamAdmin = await gateway.admin('/key/generate', { user_id: 'team-admin' });
  const organizationAdmin = await gateway.admin('/key/generate', { user_id: 'org-admin' });
  const answer = await fetch(`http://127.0.0.1:${gateway.port}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'bench', user: 'pattern', messages: [{ role: 'user', content: 'Hello' }] }),
  });
  if (!answer.ok) throw new Error(`the pattern call failed: ${await answer.text()}`);
  await answer.arrayBuffer();
  await gateway.stop();
  return { teamAdmin: teamAdmin.key, organizationAdmin: organizationAdmin.key };
}
