// What it costs that a user, a team and an organisation have limits of their own, beside those of the key.

import { buildChatCall, startGatewaySide } from '../chat-call.mjs';
import { FULL_PACE, measureSides, QUICK_PACE } from '../compare.mjs';
import { reportSides } from '../side-report.mjs';
import { GOVERNED, startGateway, startUpstream } from '../targets.mjs';

const LIMIT = 1.2;

/** @type {import('../run.mjs').Scenario} */
export const owners = {
  name: 'owners',
  aliases: [],
  title: 'CPU per call with limits on four owners',
  async run({ quick, log }) {
    const upstream = await startUpstream({});
    const keyOnly = () => startGatewaySide(upstream.port);
    const fourOwners = async () => {
      const target = await startGateway(upstream.port, { key: null });
      const { admin } = target;
      const limits = { ...GOVERNED, models: [] };
      const { organization_id } = await admin('/organization/new', { ...limits, organization_alias: 'bench' });
      const { team_id } = await admin('/team/new', { ...limits, organization_id, team_alias: 'bench' });
      const { user_id } = await admin('/user/new', { ...limits, auto_create_key: false });
      await admin('/team/member_add', { team_id, member: { role: 'user', user_id } });
      const { key } = await admin('/key/generate', { ...GOVERNED, team_id, user_id });
      return { target, request: buildChatCall(key) };
    };
    const sides = [
      { name: 'key', start: keyOnly },
      { name: 'key, user, team, organisation', start: fourOwners },
      { name: 'the same again', start: fourOwners },
    ];
    const rounds = await measureSides(sides, 32, quick ? QUICK_PACE : FULL_PACE, log);
    await upstream.stop();
    return reportSides({
      what: '32 connections, non-streaming, a body of about 120 bytes; a budget, rpm and tpm on each owner.',
      rounds,
      ours: 'key, user, team, organisation',
      theirs: 'key',
      again: 'the same again',
      limit: LIMIT,
      target: `at most ${LIMIT} × the CPU per call of a key alone`,
    });
  },
};
