// A controllable OpenAI-compatible upstream on a loopback port, which keeps its own bill: what it served, to the token,
// and whether the answer left whole. Runs inside a test (see fake-upstream.ts) or as a process of its own:
//   node tests/support/fake-upstream-server.mjs [--port N] [--until-stdin-ends]
// prints one line of JSON with its url, and is steered under /__fake/.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { DEFAULT_BEHAVIOR, readRules } from './fake-upstream-rules.mjs';
import { openEntry, sendError, sendStream, sendWhole } from './fake-upstream-send.mjs';

/** @import { IncomingMessage, ServerResponse } from 'node:http' */
/** @import { Behavior } from './fake-upstream-rules.mjs' */
/** @import { BillEntry } from './fake-upstream-send.mjs' */
/** @import { Body, Exchange, FakeOperation } from './fake-upstream-answers.mjs' */

/**
 * @typedef {object} SeenRequest
 * @property {string} path
 * @property {Record<string, string | string[] | undefined>} headers
 * @property {string} text the body as it came
 * @property {Body} body
 *
 * @typedef {object} FakeStats
 * @property {number} received
 * @property {number} failed answered with an error on purpose
 * @property {number} clientGone left before their answer was complete
 * @property {number} inFlight
 * @property {number} maxInFlight
 * @property {number} openSockets
 *
 * @typedef {object} FakeUpstream
 * @property {string} url without a path
 * @property {string} apiBase what a deployment's api_base has to be
 * @property {(behavior: Partial<Behavior>) => void} set changes how requests are answered from now on
 * @property {(...rules: string[]) => void} queue rules for the next requests, one each, before all others
 * @property {() => BillEntry[]} bill
 * @property {() => SeenRequest[]} requests the latest, oldest first
 * @property {() => FakeStats} stats
 * @property {() => void} reset back to the defaults, nothing seen, nothing billed
 * @property {() => Promise<void>} close
 *
 * @typedef {object} FakeUpstreamOptions
 * @property {number} [port]
 * @property {Partial<Behavior>} [behavior]
 * @property {number} [keepRequests] how many requests are remembered
 */

/** @type {Readonly<Record<string, FakeOperation>>} */
const OPERATIONS = { 'chat/completions': 'chat', completions: 'completion', embeddings: 'embedding' };

/**
 * @param {FakeUpstreamOptions} [options]
 * @returns {Promise<FakeUpstream>}
 */
export async function startFakeUpstream({ port = 0, behavior: given = {}, keepRequests = 1_000 } = {}) {
  /** @type {Partial<Behavior>} */
  let behavior = given;
  /** @type {string[]} */
  let queued = [];
  /** @type {BillEntry[]} */
  let bill = [];
  /** @type {SeenRequest[]} */
  let requests = [];
  /** @type {FakeStats} */
  let stats = noStats();
  const prefix = Math.random().toString(36).slice(2, 8);
  let answers = 0;

  /** @type {FakeUpstream} */
  const upstream = {
    url: '',
    apiBase: '',
    set: (changes) => {
      behavior = { ...behavior, ...changes };
    },
    queue: (...rules) => {
      queued.push(...rules);
    },
    bill: () => bill.map((entry) => ({ ...entry })),
    requests: () => [...requests],
    stats: () => ({ ...stats }),
    reset: () => {
      behavior = given;
      queued = [];
      bill = [];
      requests = [];
      stats = { ...noStats(), inFlight: stats.inFlight, openSockets: stats.openSockets };
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };

  const server = createServer((request, response) => {
    request.on('error', () => {});
    response.on('error', () => {});
    receive(request, response).catch(() => response.destroy());
  });
  server.on('connection', (socket) => {
    stats.openSockets += 1;
    socket.on('close', () => {
      stats.openSockets -= 1;
    });
  });

  /**
   * @param {IncomingMessage} request
   * @param {ServerResponse} response
   */
  async function receive(request, response) {
    const text = await readText(request);
    if (request.url?.startsWith('/__fake/')) steer(upstream, request, response, text);
    else await serve(request, response, text);
  }

  /**
   * @param {IncomingMessage} request
   * @param {ServerResponse} response
   * @param {string} text
   */
  async function serve(request, response, text) {
    const { pathname } = new URL(request.url ?? '/', 'http://fake');
    const operation = Object.entries(OPERATIONS).find(([path]) => pathname.endsWith(`/${path}`))?.[1];
    const body = parseBody(text);
    requests.push({ path: request.url ?? '', headers: { ...request.headers }, text, body: body ?? {} });
    if (requests.length > keepRequests) requests.shift();
    stats.received += 1;
    stats.inFlight += 1;
    stats.maxInFlight = Math.max(stats.maxInFlight, stats.inFlight);
    response.on('close', () => {
      stats.inFlight -= 1;
      if (!response.writableFinished) stats.clientGone += 1;
    });
    if (operation === undefined) return sendError(response, 404, `No such path: ${pathname}`, null, null);
    if (body === null) return sendError(response, 400, 'The body is not a JSON object', null, null);
    answers += 1;
    const rules = [String(body.model ?? ''), String(request.headers['x-fake'] ?? ''), queued.shift() ?? ''].join('+');
    /** @type {Exchange} */
    const exchange = {
      id: `chatcmpl-fake-${prefix}-${answers}`,
      operation,
      body,
      behavior: { ...DEFAULT_BEHAVIOR, ...behavior, ...readRules(rules) },
    };
    await answer(exchange, response);
  }

  /**
   * @param {Exchange} exchange
   * @param {ServerResponse} response
   */
  async function answer(exchange, response) {
    const { behavior: how, body, operation } = exchange;
    if (how.latencyMs > 0) await sleep(how.latencyMs);
    if (response.destroyed || how.hang === 'headers') return;
    if (how.status !== 200) {
      stats.failed += 1;
      return sendError(response, how.status, `The fake upstream fails with ${how.status}`, how, body);
    }
    const isStream = body.stream === true && operation !== 'embedding';
    const entry = openEntry(exchange, isStream);
    response.on('close', () => {
      entry.answered = response.writableFinished && entry.answered;
      entry.finishedAtMs = Date.now();
      bill.push(entry);
    });
    if (isStream) await sendStream(exchange, response, entry);
    else sendWhole(exchange, response, entry);
  }

  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  upstream.url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : port}`;
  upstream.apiBase = `${upstream.url}/v1`;
  return upstream;
}

/** @returns {FakeStats} */
function noStats() {
  return { received: 0, failed: 0, clientGone: 0, inFlight: 0, maxInFlight: 0, openSockets: 0 };
}

/**
 * The handle's methods over HTTP, for a fake upstream in a process of its own.
 *
 * @param {FakeUpstream} upstream
 * @param {IncomingMessage} request
 * @param {ServerResponse} response
 * @param {string} text
 */
function steer(upstream, request, response, text) {
  const reply = (/** @type {unknown} */ value) =>
    response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
  switch (request.url) {
    case '/__fake/bill':
      return reply(upstream.bill());
    case '/__fake/requests':
      return reply(upstream.requests());
    case '/__fake/stats':
      return reply(upstream.stats());
    case '/__fake/set':
      return reply(upstream.set(JSON.parse(text)) ?? null);
    case '/__fake/queue':
      return reply(upstream.queue(...JSON.parse(text)) ?? null);
    case '/__fake/reset':
      return reply(upstream.reset() ?? null);
    default:
      response.writeHead(404).end();
  }
}

/** @param {IncomingMessage} request */
async function readText(request) {
  /** @type {Buffer[]} */
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * @param {string} text
 * @returns {Body | null}
 */
function parseBody(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const args = process.argv.slice(2);
  const at = args.indexOf('--port');
  const upstream = await startFakeUpstream({ port: at < 0 ? 0 : Number(args[at + 1]) });
  process.stdout.write(`${JSON.stringify({ url: upstream.url })}\n`);
  const stop = () => void upstream.close().then(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  // So that it does not outlive a test run that was killed.
  if (args.includes('--until-stdin-ends')) process.stdin.resume().once('end', stop);
}
