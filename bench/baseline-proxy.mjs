// What the gateway is compared with: the least that a proxy on the same libraries can do. Fastify takes the request,
// undici sends it on, the answer comes back untouched; no keys, no limits, no parsing, no log. It is written for speed
// (dispatch with a handler, no web streams), so the ratio is a strict one. With `--client request` it is written as the
// libraries' manuals do it.
//
//   node bench/baseline-proxy.mjs --port 9001 --upstream http://127.0.0.1:9000

import { parseArgs } from 'node:util';
import Fastify from 'fastify';
import { Pool } from 'undici';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    upstream: { type: 'string', default: 'http://127.0.0.1:9000' },
    client: { type: 'string', default: 'dispatch' },
  },
});

const upstream = new Pool(values.upstream, { connections: 256, pipelining: 1 });
const app = Fastify({ logger: false, bodyLimit: 20 * 1024 * 1024 });
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

const HEADERS = { 'content-type': 'application/json', authorization: 'Bearer sk-upstream' };

app.post('/v1/chat/completions', values.client === 'request' ? request : dispatch);

/**
 * @param {import('fastify').FastifyRequest} request
 * @param {import('fastify').FastifyReply} reply
 */
async function request({ url, body }, reply) {
  const answer = await upstream.request({
    path: url,
    method: 'POST',
    headers: HEADERS,
    body: /** @type {Buffer} */ (body),
  });
  return reply.code(answer.statusCode).header('content-type', answer.headers['content-type']).send(answer.body);
}

/**
 * @param {import('fastify').FastifyRequest} request
 * @param {import('fastify').FastifyReply} reply
 */
function dispatch(request, reply) {
  /** @type {Buffer[]} */
  const chunks = [];
  let streaming = false;
  let status = 0;
  let type = '';
  upstream.dispatch(
    {
      path: request.url,
      method: 'POST',
      headers: HEADERS,
      body: /** @type {Buffer} */ (request.body),
    },
    {
      onRequestStart(controller) {
        reply.raw.on('close', () => {
          if (!reply.raw.writableFinished) controller.abort(new Error('client gone'));
        });
      },
      onResponseStart(controller, statusCode, headers) {
        status = statusCode;
        type = String(headers['content-type']);
        streaming = type.startsWith('text/event-stream');
        if (!streaming) return;
        reply.hijack();
        reply.raw.writeHead(status, { 'content-type': type });
        reply.raw.on('drain', () => controller.resume());
      },
      onResponseData(controller, chunk) {
        if (!streaming) chunks.push(chunk);
        else if (!reply.raw.write(chunk)) controller.pause();
      },
      onResponseEnd() {
        if (streaming) reply.raw.end();
        else
          reply
            .code(status)
            .header('content-type', type)
            .send(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
      },
      onResponseError(_controller, error) {
        if (streaming) reply.raw.destroy();
        else reply.code(502).send({ error: { message: error.message } });
      },
    },
  );
}

app.get('/health/readiness', (_request, reply) => reply.send({ status: 'healthy' }));

await app.listen({ host: '127.0.0.1', port: Number(values.port) });
console.log(`listening on ${/** @type {import('node:net').AddressInfo} */ (app.server.address()).port}`);
process.on('SIGTERM', () => process.exit(0));
