// A model provider that costs next to nothing, so that what is measured is the gateway: canned answers over bare
// sockets, no HTTP library. Understands just what a proxy sends it: keep-alive, a JSON body with a length (or chunked).
//
//   node bench/mock-upstream.mjs --port 9000 [--frames 64] [--frame-interval-ms 5] [--delay-ms 0] [--error-rate 0]
//
// `POST …` answers a chat completion of 12 + 8 tokens, or, where the body has `"stream":true`, that many frames, one
// per interval and stream. `GET /stats` tells how many calls it has answered, refused and seen cut off.

import { createServer } from 'node:net';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    frames: { type: 'string', default: '64' },
    'frame-interval-ms': { type: 'string', default: '5' },
    'delay-ms': { type: 'string', default: '0' },
    'error-rate': { type: 'string', default: '0' },
  },
});
const frameCount = Number(values.frames);
const frameIntervalMs = Number(values['frame-interval-ms']);
const delayMs = Number(values['delay-ms']);
const errorRate = Number(values['error-rate']);

const USAGE = { prompt_tokens: 12, completion_tokens: 8, total_tokens: 20 };
const STREAM_USAGE = { prompt_tokens: 12, completion_tokens: frameCount, total_tokens: 12 + frameCount };

const answer = toResponse(200, {
  id: 'chatcmpl-mock',
  object: 'chat.completion',
  created: 1_700_000_000,
  model: 'mock',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'All is well with the world, thank you for asking.' },
      finish_reason: 'stop',
    },
  ],
  usage: USAGE,
});
const failure = toResponse(500, { error: { message: 'made to fail', type: 'server_error', param: null, code: null } });
const streamHead = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n',
);
const frame = toFrame([{ index: 0, delta: { content: ' word' }, finish_reason: null }]);
const lastFrame = toFrame([{ index: 0, delta: {}, finish_reason: 'stop' }]);
const usageFrame = toFrame([], STREAM_USAGE);
const streamEnd = Buffer.concat([toChunk('data: [DONE]\n\n'), Buffer.from('0\r\n\r\n')]);

const stats = { answered: 0, streamed: 0, failed: 0, cut: 0 };

/** @typedef {{ socket: import('node:net').Socket, sent: number, usage: boolean }} Stream */
/** @type {Set<Stream>} */
const streams = new Set();
/** @type {NodeJS.Timeout | undefined} */
let ticking;

const server = createServer({ noDelay: true, keepAlive: false }, (socket) => {
  /** What has come of a request that is not complete. @type {Buffer[]} */
  let parts = [];
  let have = 0;
  let need = -1;
  let headEnd = 0;
  let chunked = false;
  /** @type {Stream | undefined} */
  let streaming;

  socket.on('data', (data) => {
    const bytes = /** @type {Buffer} */ (data);
    parts.push(bytes);
    have += bytes.length;
    if (need === -1 && !chunked) {
      if (parts.length > 1) parts = [Buffer.concat(parts)];
      const head = /** @type {Buffer} */ (parts[0]);
      const end = head.indexOf('\r\n\r\n');
      if (end === -1) return;
      headEnd = end + 4;
      const text = head.toString('latin1', 0, end).toLowerCase();
      const at = text.indexOf('\r\ncontent-length:');
      chunked = at === -1 && text.includes('\r\ntransfer-encoding:');
      need = chunked ? -1 : headEnd + (at === -1 ? 0 : Number.parseInt(text.slice(at + 17), 10));
    }
    if (chunked ? !bytes.subarray(-5).equals(CHUNKED_END) : have < need) return;
    const request = parts.length === 1 ? /** @type {Buffer} */ (parts[0]) : Buffer.concat(parts);
    parts = [];
    have = 0;
    need = -1;
    chunked = false;
    respond(request);
  });
  socket.on('close', () => {
    if (streaming !== undefined && streams.delete(streaming)) stats.cut += 1;
  });
  socket.on('error', () => socket.destroy());

  /** @param {Buffer} request */
  function respond(request) {
    if (request.toString('latin1', 0, 10) === 'GET /stats') socket.write(toResponse(200, stats));
    else if (delayMs > 0) setTimeout(serve, delayMs, request);
    else serve(request);
  }

  /** @param {Buffer} request */
  function serve(request) {
    if (socket.destroyed) {
      stats.cut += 1;
      return;
    }
    if (errorRate > 0 && Math.random() < errorRate) {
      stats.failed += 1;
      socket.write(failure);
      return;
    }
    if (request.length > 8_192 || request.indexOf('"stream":true', headEnd) === -1) {
      stats.answered += 1;
      socket.write(answer);
      return;
    }
    socket.write(streamHead);
    streaming = { socket, sent: 0, usage: request.indexOf('"include_usage":true', headEnd) !== -1 };
    streams.add(streaming);
    ticking ??= setInterval(tick, frameIntervalMs);
  }
});

const CHUNKED_END = Buffer.from('0\r\n\r\n');

/** One frame for every open stream. One timer for all of them: many timers would be the bottleneck. */
function tick() {
  for (const stream of streams) {
    stream.sent += 1;
    if (stream.sent < frameCount) {
      stream.socket.write(frame);
      continue;
    }
    streams.delete(stream);
    stats.streamed += 1;
    stream.socket.write(
      stream.usage ? Buffer.concat([lastFrame, usageFrame, streamEnd]) : Buffer.concat([lastFrame, streamEnd]),
    );
  }
  if (streams.size === 0) {
    clearInterval(ticking);
    ticking = undefined;
  }
}

/**
 * @param {number} status
 * @param {unknown} body
 */
function toResponse(status, body) {
  const json = JSON.stringify(body);
  const head = `HTTP/1.1 ${status} X\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(json)}\r\n\r\n`;
  return Buffer.from(head + json);
}

/**
 * @param {unknown[]} choices
 * @param {unknown} [usage]
 */
function toFrame(choices, usage) {
  const chunk = {
    id: 'chatcmpl-mock',
    object: 'chat.completion.chunk',
    created: 1_700_000_000,
    model: 'mock',
    choices,
  };
  return toChunk(`data: ${JSON.stringify(usage === undefined ? chunk : { ...chunk, usage })}\n\n`);
}

/** @param {string} text */
function toChunk(text) {
  return Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
}

server.listen(Number(values.port), '127.0.0.1', () => {
  console.log(`listening on ${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`);
});
process.on('SIGTERM', () => process.exit(0));
