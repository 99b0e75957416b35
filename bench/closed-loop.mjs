// Load from a fixed number of connections, each sending its next request when the last answer is complete. Over bare
// sockets and with a reader that knows only what it needs of HTTP/1.1, so that the load takes less of its core than any
// target takes of the other one.

import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';

/**
 * What has been answered since the last look. Latencies in milliseconds, from the first byte sent to the last received;
 * `firstByteMs` to the first byte of the body of a stream.
 *
 * @typedef {object} Tally
 * @property {number} completed
 * @property {number} failed Answers with another status than 2xx.
 * @property {number} broken Connections that ended before their answer did.
 * @property {number} bytes Of complete answers.
 * @property {number[]} latenciesMs
 * @property {number[]} firstByteMs
 * @property {Record<number, number>} statuses
 * @property {number} lastOkMs When the last 2xx answer was complete, on the clock of `performance.now()`; 0: none.
 * @property {number} lastOkSentMs When the latest request was sent that got a 2xx answer.
 */

/**
 * @typedef {object} Load
 * @property {() => Tally} take What has been answered since the last `take`, which starts a new tally.
 * @property {() => Promise<void>} stop Ends when every answer under way has been read.
 * @property {Promise<void>} done Resolves when `next` has had no more requests.
 */

/**
 * @param {object} options
 * @param {number} options.port
 * @param {number} options.connections
 * @param {() => Buffer | null} options.next Asked for each request; null: no more.
 * @param {number} [options.pauseMs] Between an answer and the next request of its connection.
 * @param {number} [options.spreadMs] The connections open one after the other over so long. Streams that begin together end
 *   together: how many of them a short window counts is then a matter of where it lies.
 * @returns {Load}
 */
export function startLoad({ port, connections, next, pauseMs = 0, spreadMs = 0 }) {
  let tally = emptyTally();
  let running = 0;
  let stopping = false;
  /** @type {() => void} */
  let finished = () => {};
  /** @type {Promise<void>} */
  const done = new Promise((resolve) => {
    finished = resolve;
  });

  const open = () => {
    running += 1;
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let startedMs = 0;
    let firstMs = 0;
    const reader = createAnswerReader();
    const send = () => {
      const request = stopping ? null : next();
      if (request === null) {
        startedMs = 0;
        socket.end();
        return;
      }
      startedMs = performance.now();
      firstMs = 0;
      socket.write(request);
    };
    socket.on('connect', send);
    socket.on('data', (data) => {
      const complete = reader.push(/** @type {Buffer} */ (data));
      if (firstMs === 0 && reader.bodyBytes() > 0) firstMs = performance.now();
      if (!complete) return;
      const nowMs = performance.now();
      const { status, bytes, close } = reader.take();
      tally.completed += 1;
      tally.bytes += bytes;
      tally.statuses[status] = (tally.statuses[status] ?? 0) + 1;
      if (status < 200 || status > 299) tally.failed += 1;
      else {
        tally.lastOkMs = nowMs;
        tally.lastOkSentMs = Math.max(tally.lastOkSentMs, startedMs);
      }
      tally.latenciesMs.push(nowMs - startedMs);
      tally.firstByteMs.push(firstMs - startedMs);
      if (close) socket.end();
      else if (pauseMs > 0) setTimeout(send, pauseMs);
      else send();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      running -= 1;
      if (startedMs !== 0 && !reader.idle()) tally.broken += 1;
      if (stopping || startedMs === 0) {
        if (running === 0) finished();
      } else setTimeout(open, 1);
    });
  };
  for (let index = 0; index < connections; index += 1) {
    const afterMs = (spreadMs * index) / connections;
    if (afterMs === 0) open();
    else setTimeout(open, afterMs);
  }

  return {
    take() {
      const taken = tally;
      tally = emptyTally();
      return taken;
    },
    stop() {
      stopping = true;
      return done;
    },
    done,
  };
}

/**
 * One connection, kept open, for one request at a time.
 *
 * @param {number} port
 * @returns {{ call(request: Buffer): Promise<{ status: number, ms: number }>, close(): void }}
 */
export function openConnection(port) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const reader = createAnswerReader();
  let startedMs = 0;
  /** @type {{ resolve: (answer: { status: number, ms: number }) => void, reject: (error: Error) => void } | undefined} */
  let waiting;
  socket.on('data', (data) => {
    if (!reader.push(/** @type {Buffer} */ (data))) return;
    const ms = performance.now() - startedMs;
    waiting?.resolve({ status: reader.take().status, ms });
    waiting = undefined;
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => waiting?.reject(new Error('the connection ended before its answer')));
  return {
    call: (request) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        startedMs = performance.now();
        socket.write(request);
      }),
    close: () => socket.destroy(),
  };
}

/**
 * Builds a POST that is sent as it stands.
 *
 * @param {string} path
 * @param {string} key
 * @param {string} body
 * @param {Record<string, string>} [headers]
 */
export function buildPost(path, key, body, headers = {}) {
  const own = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\n` +
      `${own.join('')}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/**
 * @param {string} path
 * @param {string} key
 */
export function buildGet(path, key) {
  return Buffer.from(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${key}\r\n\r\n`);
}

const CHUNKED_END = Buffer.from('\r\n0\r\n\r\n');

/**
 * Reads one answer after the other. Relies on there being no pipelining: an answer ends where a packet ends.
 */
function createAnswerReader() {
  /** The head so far, while it is incomplete. @type {Buffer | null} */
  let partial = null;
  let status = 0;
  let need = -1;
  let chunked = false;
  let close = false;
  let body = 0;
  let inBody = false;
  /** The last bytes seen, for an end that is split over packets. @type {Buffer} */
  let tail = Buffer.alloc(0);

  return {
    /** @param {Buffer} data True when the answer is complete. */
    push(data) {
      let rest = data;
      if (!inBody) {
        const head = partial === null ? data : Buffer.concat([partial, data]);
        const end = head.indexOf('\r\n\r\n');
        if (end === -1) {
          partial = head;
          return false;
        }
        const text = head.toString('latin1', 0, end).toLowerCase();
        status = Number(text.slice(9, 12));
        const at = text.indexOf('\r\ncontent-length:');
        chunked = at === -1;
        need = chunked ? -1 : Number.parseInt(text.slice(at + 17), 10);
        close = text.includes('\r\nconnection: close');
        partial = null;
        inBody = true;
        rest = head.subarray(end + 2);
        body = -2;
      }
      body += rest.length;
      if (!chunked) return body >= need;
      tail = rest.length >= 7 ? rest.subarray(-7) : Buffer.concat([tail, rest]).subarray(-7);
      return tail.equals(CHUNKED_END);
    },
    bodyBytes: () => body,
    idle: () => !inBody && partial === null,
    take() {
      const taken = { status, bytes: body, close };
      inBody = false;
      body = 0;
      tail = Buffer.alloc(0);
      return taken;
    },
  };
}

/** @returns {Tally} */
function emptyTally() {
  return {
    completed: 0,
    failed: 0,
    broken: 0,
    bytes: 0,
    latenciesMs: [],
    firstByteMs: [],
    statuses: {},
    lastOkMs: 0,
    lastOkSentMs: 0,
  };
}
