// Many calls at once against a budget that is enough for a few of them.

import { setTimeout as sleep } from 'node:timers/promises';
import { buildPost, openConnection } from '../closed-loop.mjs';
import { table } from '../format.mjs';
import { startGateway, startUpstream } from '../targets.mjs';

/** 8 output tokens, as asked for and as the upstream reports: a tenth of a dollar a call, in truth and at worst. */
const PRICE = { input: 0, output: 0.0125 };
const COST = 0.1;
const PARALLEL = 500;
const AFFORDABLE = 20;

/** @type {import('../run.mjs').Scenario} */
export const budgetBurst = {
  name: 'burst',
  aliases: ['S7'],
  title: 'Five hundred calls at once, money for twenty',
  async run({ quick, log }) {
    const rounds = quick ? 2 : 10;
    let over = 0;
    let phantom = 0;
    let drift = 0;
    let admitted = 0;
    /** @type {string[][]} */
    const rows = [];
    for (const mode of ['standard', 'hard']) {
      const upstream = await startUpstream({ 'delay-ms': 20 });
      const gateway = await startGateway(upstream.port, { price: PRICE });
      let served = 0;
      for (let round = 0; round < rounds; round += 1) {
        const { key } = await gateway.admin('/key/generate', { max_budget: AFFORDABLE * COST, budget_mode: mode });
        const request = buildPost('/v1/chat/completions', key, BODY);
        const connections = Array.from({ length: PARALLEL }, () => openConnection(gateway.port));
        const answers = await Promise.all(connections.map((connection) => connection.call(request)));
        for (const connection of connections) connection.close();
        const before = served;
        served = (await stats(upstream.port)).answered;
        const cost = (served - before) * COST;
        over = Math.max(over, cost - AFFORDABLE * COST);
        admitted += answers.filter(({ status }) => status === 200).length;
        const { info } = await gateway.admin(`/key/info?key=${key}`);
        drift = Math.max(drift, Math.abs(info.spend - cost));
        // What is not spent is free again: with money for one more call, exactly one more goes through.
        await gateway.admin('/key/update', { key, max_budget: info.spend + COST });
        const probe = openConnection(gateway.port);
        const again = [await probe.call(request), await probe.call(request)].map(({ status }) => status);
        probe.close();
        if (again[0] !== 200) phantom += 1;
        if (again[1] === 200) over = Math.max(over, COST);
        served = (await stats(upstream.port)).answered;
        log(`  ${mode} ${round + 1}: ${answers.filter(({ status }) => status === 200).length} of ${PARALLEL} admitted`);
      }
      rows.push([mode, String(rounds), `${((100 * admitted) / (rounds * AFFORDABLE)).toFixed(0)} %`]);
      admitted = 0;
      await sleep(10);
      await gateway.stop();
      await upstream.stop();
    }
    const exact = over <= 1e-9 && drift <= 1e-9 && phantom === 0;
    return {
      verdict: exact ? 'met' : 'lost',
      target: 'not a cent over the budget at the upstream, no phantom holds, spend exact',
      outcome: `${over.toFixed(2)} $ over, ${phantom} phantom holds, ${drift.toExponential(0)} $ drift`,
      figures: { overUsd: over, phantomHolds: phantom, driftUsd: drift },
      markdown: [
        `${PARALLEL} connections send one call each at the same moment, with a budget for ${AFFORDABLE} calls of exactly $ ${COST}. ` +
          'What the upstream served is compared with the budget and with the spend that the gateway shows.',
        table(['budget mode', 'bursts', 'of the affordable calls admitted'], rows),
      ],
    };
  },
};

const BODY = JSON.stringify({ model: 'bench', max_tokens: 8, messages: [{ role: 'user', content: 'How are you?' }] });

/** @param {number} port */
async function stats(port) {
  return /** @type {Promise<{ answered: number }>} */ ((await fetch(`http://127.0.0.1:${port}/stats`)).json());
}
