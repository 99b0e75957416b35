// Clients in a process of their own, so that what they measure is the gateway and not the test that watches it. They call
// a model and ask for liveness, each at a steady rate, whether or not earlier ones have ended, until the input ends; then
// the output says how each of them went.

const { url, key, model, callsPerSecond, looksPerSecond } = JSON.parse(String(process.argv[2]));
/** @type {import('./steady-client.ts').Asked[]} */
const asked = [];
/** @type {Set<Promise<void>>} */
const running = new Set();

/**
 * @param {'call' | 'liveness'} kind
 * @param {() => Promise<Response>} ask
 */
function time(kind, ask) {
  const beganAtMs = Date.now();
  const began = performance.now();
  const one = statusOf(ask).then((status) => {
    asked.push({ kind, beganAtMs, ms: performance.now() - began, status });
    running.delete(one);
  });
  running.add(one);
}

/** @param {() => Promise<Response>} ask */
async function statusOf(ask) {
  try {
    const answer = await ask();
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return 0;
  }
}

/**
 * Makes up for turns that the timer has lost, so that the rate is what was asked for.
 *
 * @param {number} perSecond
 * @param {() => void} run
 */
function every(perSecond, run) {
  const began = performance.now();
  let made = 0;
  return setInterval(() => {
    for (; made < ((performance.now() - began) * perSecond) / 1_000; made += 1) run();
  }, 5);
}

const body = JSON.stringify({ model, max_tokens: 10, messages: [{ role: 'user', content: 'Hello' }] });
const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
const call = () => fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body });
const look = () => fetch(`${url}/health/liveliness`);

const timers = [every(callsPerSecond, () => time('call', call)), every(looksPerSecond, () => time('liveness', look))];
process.stdin.resume().on('end', async () => {
  for (const timer of timers) clearInterval(timer);
  while (running.size > 0) await Promise.all(running);
  process.stdout.write(JSON.stringify(asked));
});
