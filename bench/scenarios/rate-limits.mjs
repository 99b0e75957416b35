// Ten times as many calls as a limit allows.

import { buildPost, startLoad } from '../closed-loop.mjs';
import { readCpuNs } from '../cpu-time.mjs';
import { significant, table } from '../format.mjs';
import { startGateway, startUpstream } from '../targets.mjs';

/** @type {import('../run.mjs').Scenario} */
export const rateLimits = {
  name: 'limits',
  aliases: ['S8'],
  title: 'Rate limits at ten times the load',
  async run({ quick }) {
    const limit = quick ? 200 : 2_000;
    const upstream = await startUpstream();
    const gateway = await startGateway(upstream.port);
    /** @type {string[][]} */
    const rows = [];
    let worst = 0;
    let least = 1;
    let refusalUs = 0;
    // A call of 11 tokens in (by its length) and 9 out: 20 of the token limit, as the upstream reports.
    for (const [name, fields, allowed] of /** @type {const} */ ([
      ['rpm_limit', { rpm_limit: limit }, limit],
      ['tpm_limit', { tpm_limit: limit * 20 }, limit],
    ])) {
      const { key } = await gateway.admin('/key/generate', fields);
      const body = { model: 'bench', max_tokens: 8, messages: [{ role: 'user', content: 'x'.repeat(48) }] };
      const request = buildPost('/v1/chat/completions', key, JSON.stringify(body));
      let left = limit * 10;
      const cpuNs = readCpuNs(gateway.pid);
      const load = startLoad({
        port: gateway.port,
        connections: 64,
        next: () => {
          left -= 1;
          return left < 0 ? null : request;
        },
      });
      await load.done;
      const { statuses, completed } = load.take();
      const admitted = statuses[200] ?? 0;
      const share = admitted / allowed;
      worst = Math.max(worst, share);
      least = Math.min(least, share);
      refusalUs = (readCpuNs(gateway.pid) - cpuNs) / 1_000 / completed;
      rows.push([name, String(limit * 10), String(allowed), String(admitted), `${significant(refusalUs)} µs`]);
    }
    await gateway.stop();
    await upstream.stop();
    return {
      verdict: worst <= 1 && least >= 0.98 ? 'met' : 'lost',
      target: 'never more than the limit, and at least 98 % of it',
      outcome: `${(least * 100).toFixed(1)}–${(worst * 100).toFixed(1)} % of what is allowed`,
      figures: { worst, least, refusalUs },
      markdown: [
        '64 connections, all calls within one window of a minute. Nine of ten are refused; CPU is per call, refusals included.',
        table(['limit', 'calls', 'allowed', 'admitted', 'CPU per call'], rows),
      ],
    };
  },
};
