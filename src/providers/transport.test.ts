import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { GatewayError } from '../core/gateway-error.ts';
import type { AbortExchange, ExchangeOptions, StreamSink, UpstreamStream } from './exchange.ts';
import type { UpstreamRequest } from './provider.ts';
import { createTransport, type Transport, type TransportOptions } from './transport.ts';
import { findUpstreamFault } from './upstream-fault.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function transportFor(options: Partial<TransportOptions> = {}): Transport {
  const transport = createTransport({ connectTimeoutMs: 2_000, ...options });
  closers.push(() => transport.destroy());
  return transport;
}

/** A server of any kind on a loopback port, with a count of the sockets that are open on it. */
async function listen(server: Server): Promise<{ port: number; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return { port: (server.address() as AddressInfo).port, sockets };
}

const listenHttp = (handler: RequestListener) => listen(createServer(handler));

/** A server that answers every request with these bytes and nothing else. */
function listenRaw(answer: (socket: Socket) => void) {
  return listen(createTcpServer((socket) => socket.once('data', () => answer(socket))));
}

const requestTo = (port: number, over: Partial<UpstreamRequest> = {}): UpstreamRequest => ({
  origin: `http://127.0.0.1:${port}`,
  path: '/v1/chat/completions',
  method: 'POST',
  headers: { authorization: 'Bearer sk-provider-secret', 'content-type': 'application/json' },
  body: '{"model":"m"}',
  ...over,
});

const options = (over: Partial<ExchangeOptions> = {}): ExchangeOptions => ({
  deploymentId: 'dep-1',
  headersTimeoutMs: 5_000,
  bodyTimeoutMs: 5_000,
  maxResponseBytes: 1_000_000,
  ...over,
});

/** Reads a stream to its end as text; rejects with what onError says. */
function readAll(stream: UpstreamStream): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    stream.pipe({
      onData: (chunk) => chunks.push(chunk) > 0,
      onEnd: () => resolve(Buffer.concat(chunks).toString()),
      onError: reject,
    });
  });
}

async function openStream(transport: Transport, request: UpstreamRequest, over: Partial<ExchangeOptions> = {}) {
  const opened = await transport.stream(request, options(over));
  if (opened.kind !== 'stream') throw new Error(`expected a stream, got ${opened.status}`);
  return opened;
}

async function failureOf(promise: Promise<unknown>): Promise<Error> {
  const failure = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(failure instanceof Error)) throw new Error('expected a failure');
  return failure;
}

const soon = (condition: () => boolean) => expect.poll(condition, { timeout: 15_000, interval: 5 }).toBe(true);

describe('whole answers', () => {
  test('the request arrives as built, and status, headers and body come back', async () => {
    const { port } = await listenHttp((incoming, outgoing) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        outgoing.writeHead(418, { 'X-Request-Id': 'up-1', 'content-type': 'application/json' });
        outgoing.end(`${incoming.method} ${incoming.url} ${incoming.headers.authorization} ${Buffer.concat(chunks)}`);
      });
    });
    const answer = await transportFor().send(requestTo(port, { path: '/a/b?c=d', body: '{"é":1}' }), options());
    expect(answer.status).toBe(418);
    expect(answer.headers.get('x-request-id')).toBe('up-1');
    expect(answer.headers.get('x-nothing')).toBeUndefined();
    const seen: string[][] = [];
    answer.headers.forEach('c', (name, value) => seen.push([name, value]));
    expect(seen).toContainEqual(['content-type', 'application/json']);
    expect(answer.body.toString()).toBe('POST /a/b?c=d Bearer sk-provider-secret {"é":1}');
  });

  test('a body in many chunks is whole', async () => {
    const { port } = await listenHttp((_, outgoing) => {
      for (let index = 0; index < 50; index++) outgoing.write(`${index},`.repeat(1_000));
      outgoing.end('end');
    });
    const { body } = await transportFor().send(requestTo(port), options());
    expect(body.toString().endsWith('49,end')).toBe(true);
  });

  test('a body over the limit is an error, and its socket is closed', async () => {
    const { port, sockets } = await listenHttp((_, outgoing) => outgoing.end(Buffer.alloc(100_000)));
    const error = await failureOf(transportFor().send(requestTo(port), options({ maxResponseBytes: 99_999 })));
    expect(findUpstreamFault(error)?.kind).toBe('too_large');
    await soon(() => sockets.size === 0);
  });

  test('an error body is cut, not refused', async () => {
    const { port } = await listenHttp((_, outgoing) => outgoing.writeHead(500).end(Buffer.alloc(1_000_000, 'x')));
    for (const call of ['send', 'stream'] as const) {
      const answer = await transportFor()[call](requestTo(port), options());
      expect(answer).toMatchObject({ kind: 'answer', status: 500 });
      expect('body' in answer && answer.body.length).toBe(64 * 1024);
    }
  });

  test('one socket serves calls that follow each other', async () => {
    let connections = 0;
    const server = createServer((_, outgoing) => outgoing.end('ok')).on('connection', () => connections++);
    const { port } = await listen(server);
    const transport = transportFor();
    for (let index = 0; index < 5; index++) {
      await transport.send(requestTo(port), options());
      // undici gives an answered socket back in the next turn of the event loop.
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(connections).toBe(1);
  });
});

describe('streams', () => {
  test('resolve at the headers and pass every byte in order', async () => {
    let finish = (): void => {};
    const { port } = await listenHttp((_, outgoing) => {
      outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
      outgoing.write('data: 1\n\n');
      finish = () => outgoing.end('data: 2\n\n');
    });
    const stream = await openStream(transportFor(), requestTo(port));
    expect(stream.headers.get('content-type')).toBe('text/event-stream');
    const all = readAll(stream);
    finish();
    expect(await all).toBe('data: 1\n\ndata: 2\n\n');
  });

  test('an empty body that ended before it was piped still ends', async () => {
    const { port } = await listenHttp((_, outgoing) => outgoing.end());
    const transport = transportFor();
    const stream = await openStream(transport, requestTo(port));
    await new Promise((resolve) => setImmediate(resolve));
    expect(await readAll(stream)).toBe('');
  });

  test('a status that is not 2xx is a collected answer', async () => {
    const { port } = await listenHttp((_, outgoing) =>
      outgoing.writeHead(429, { 'retry-after': '3' }).end('{"error":{}}'),
    );
    const answer = await transportFor().stream(requestTo(port), options());
    expect(answer).toMatchObject({ kind: 'answer', status: 429 });
    expect(answer.headers.get('retry-after')).toBe('3');
  });

  test('a paused reader stops the upstream, and resume lets every byte through', async () => {
    const total = 8_000_000;
    let written = 0;
    const { port } = await listenHttp((_, outgoing) => {
      const block = Buffer.alloc(50_000, 'y');
      const fill = (): void => {
        while (written < total) {
          written += block.length;
          if (!outgoing.write(block)) return void outgoing.once('drain', fill);
        }
        outgoing.end();
      };
      fill();
    });
    const stream = await openStream(transportFor(), requestTo(port));
    let received = 0;
    let paused = false;
    const ended = new Promise<void>((resolve, reject) => {
      stream.pipe({
        onData: (chunk) => {
          expect(paused).toBe(false);
          received += chunk.length;
          paused = true;
          setImmediate(() => {
            paused = false;
            stream.resume();
          });
          return false;
        },
        onEnd: resolve,
        onError: reject,
      });
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(received).toBeLessThan(total);
    await ended;
    expect(received).toBe(total);
  });

  test('a reader that never resumes keeps the upstream from sending it all', async () => {
    let written = 0;
    const { port } = await listenHttp((_, outgoing) => {
      const block = Buffer.alloc(100_000);
      const fill = (): void => {
        while (written < 100_000_000) {
          written += block.length;
          if (!outgoing.write(block)) return void outgoing.once('drain', fill);
        }
      };
      fill();
    });
    const stream = await openStream(transportFor(), requestTo(port));
    stream.pipe({ onData: () => false, onEnd: () => {}, onError: () => {} });
    let before = -1;
    await expect
      .poll(
        () => {
          const stopped = before === written;
          before = written;
          return stopped;
        },
        { interval: 50, timeout: 3_000 },
      )
      .toBe(true);
    expect(written).toBeLessThan(50_000_000);
  });

  test('resume inside onData is harmless', async () => {
    const { port } = await listenHttp((_, outgoing) => {
      for (let index = 0; index < 20; index++) outgoing.write(Buffer.alloc(20_000));
      outgoing.end();
    });
    const stream = await openStream(transportFor(), requestTo(port));
    let received = 0;
    await new Promise<void>((resolve, reject) => {
      stream.pipe({
        onData: (chunk) => {
          received += chunk.length;
          stream.resume();
          return false;
        },
        onEnd: resolve,
        onError: reject,
      });
    });
    expect(received).toBe(400_000);
  });

  test('many streams at once do not wait for each other', async () => {
    const open: (() => void)[] = [];
    const { port } = await listenHttp((_, outgoing) => {
      outgoing.write('data: 1\n\n');
      open.push(() => outgoing.end());
    });
    const transport = transportFor();
    const streams = await Promise.all(Array.from({ length: 150 }, () => openStream(transport, requestTo(port))));
    const all = Promise.all(streams.map(readAll));
    for (const end of open) end();
    expect((await all).every((text) => text === 'data: 1\n\n')).toBe(true);
  });
});

describe('failures say what happened', () => {
  const cases: [name: string, answer: (socket: Socket) => void, kind: string, status: number][] = [
    ['closed without an answer', (socket) => socket.destroy(), 'reset', 502],
    ['not HTTP', (socket) => socket.end('SMTP ready\r\n'), 'protocol', 502],
    [
      'a redirect',
      (socket) => socket.end(`HTTP/1.1 302 Found\r\nlocation: http://elsewhere/\r\ncontent-length: 0\r\n\r\n`),
      'redirect',
      502,
    ],
    ['too short a body', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'), 'reset', 502],
    [
      'a cut chunk',
      (socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabc'),
      'reset',
      502,
    ],
  ];
  test.each(cases)('%s', async (_, answer, kind, status) => {
    const { port } = await listenRaw(answer);
    const error = await failureOf(transportFor().send(requestTo(port), options()));
    expect(error).toBeInstanceOf(GatewayError);
    expect((error as GatewayError).status).toBe(status);
    expect(findUpstreamFault(error)?.kind).toBe(kind);
    expect(error.message).toContain('dep-1');
  });

  test('nobody listens', async () => {
    const { port } = await listenHttp(() => {});
    for (const close of closers.splice(0)) await close();
    const error = await failureOf(transportFor().send(requestTo(port), options()));
    expect(error).toMatchObject({ status: 502, message: 'Deployment dep-1 could not be reached (ECONNREFUSED).' });
    expect(findUpstreamFault(error)).toMatchObject({ kind: 'unreachable', phase: 'connect', bytesSeen: 0 });
  });

  test('no such host', async () => {
    const request = requestTo(1, { origin: 'http://user:hidden@no-such-host.invalid' });
    const error = await failureOf(transportFor().send(request, options()));
    expect(findUpstreamFault(error)).toMatchObject({ kind: 'unreachable', phase: 'connect' });
    expect(error.message).not.toMatch(/hidden|no-such-host/);
  });

  test('a TLS handshake that fails is unreachable, not a hang', async () => {
    const { port } = await listen(createTlsServer({}));
    const error = await failureOf(
      transportFor().send(requestTo(port, { origin: `https://127.0.0.1:${port}` }), options()),
    );
    expect(findUpstreamFault(error)).toMatchObject({ kind: 'unreachable', phase: 'connect' });
  });

  test('a header that cannot be sent is named by deployment, without its value', async () => {
    const request = requestTo(1, { headers: { authorization: 'Bearer sk-new\nline' } });
    const error = await failureOf(transportFor().send(request, options()));
    expect(findUpstreamFault(error)?.kind).toBe('unsendable');
    expect(`${error.message} ${(error.cause as Error).message}`).not.toContain('sk-new');
  });

  test('no headers in time', async () => {
    const { port, sockets } = await listenHttp(() => {});
    const error = await failureOf(transportFor().send(requestTo(port), options({ headersTimeoutMs: 50 })));
    expect(error).toMatchObject({ status: 504, message: 'Deployment dep-1 did not answer in time.' });
    expect(findUpstreamFault(error)?.phase).toBe('headers');
    await soon(() => sockets.size === 0);
  });

  test('silence inside a stream, after its bytes were delivered', async () => {
    const { port } = await listenHttp((_, outgoing) => void outgoing.write('data: 1\n\n'));
    const stream = await openStream(transportFor(), requestTo(port), { bodyTimeoutMs: 50 });
    const error = await failureOf(readAll(stream));
    expect(findUpstreamFault(error)).toMatchObject({ kind: 'timeout', phase: 'body', bytesSeen: 9 });
  });

  test('a stream that breaks tells how much had come', async () => {
    const { port } = await listenHttp((_, outgoing) => {
      outgoing.write('data: 1\n\n', () => outgoing.destroy());
    });
    const error = await failureOf(readAll(await openStream(transportFor(), requestTo(port))));
    expect(findUpstreamFault(error)).toMatchObject({ kind: 'reset', phase: 'body', bytesSeen: 9 });
  });

  describe('an upstream that closes its connection while the reader is paused', () => {
    const heads = ['connection: close', 'connection: close\r\ncontent-length: 10', 'content-length: 10', 'x-old: 1.0'];

    /** Opens a stream, pauses it at its first chunk, and closes the upstream's side by `close`. */
    async function pausedWhile(head: string, close: (socket: Socket) => void) {
      const sent: Socket[] = [];
      const version = head.startsWith('x-old') ? '1.0' : '1.1';
      const { port } = await listenRaw((socket) => {
        socket.write(`HTTP/${version} 200 OK\r\n${head}\r\n\r\nsome bytes`);
        sent.push(socket);
      });
      const stream = await openStream(transportFor(), requestTo(port));
      const outcome = new Promise<string>((resolve) => {
        stream.pipe({ onData: () => false, onEnd: () => resolve('end'), onError: () => resolve('error') });
      });
      for (const socket of sent) close(socket);
      await new Promise((resolve) => setTimeout(resolve, 20));
      stream.resume();
      return outcome;
    }

    test.each(heads)('ends well where nothing is missing (%s)', async (head) => {
      expect(await pausedWhile(head, (socket) => socket.end())).toBe('end');
    });

    test.each(heads)('by a reset fails that call alone (%s)', async (head) => {
      expect(await pausedWhile(head, (socket) => socket.resetAndDestroy())).toBe('error');
    });
  });

  test('a sink that throws ends its exchange and is told why', async () => {
    // Two chunks of one turn may come as one.
    const { port } = await listenHttp((_, outgoing) => {
      outgoing.write('data: 1\n\n');
      setTimeout(() => outgoing.write('data: 2\n\n'), 20);
    });
    const stream = await openStream(transportFor(), requestTo(port));
    const error = await new Promise<Error>((resolve) => {
      let chunks = 0;
      const sink: StreamSink = {
        onData() {
          chunks += 1;
          if (chunks > 1) throw new TypeError('a bug');
          return true;
        },
        onEnd: () => resolve(new Error('ended')),
        onError: resolve,
      };
      stream.pipe(sink);
    });
    expect(error).toMatchObject({ code: 'internal' });
    expect(findUpstreamFault(error)?.cause).toBeInstanceOf(TypeError);
  });
});

describe('aborting frees the socket and gives back the reason', () => {
  const gone = new Error('client gone');

  test('before anything was sent', async () => {
    let served = 0;
    const { port } = await listenHttp((_, outgoing) => {
      served += 1;
      outgoing.end();
    });
    const transport = transportFor();
    expect(await failureOf(transport.send(requestTo(port), options({ onStart: (abort) => abort(gone) })))).toBe(gone);
    let abort: AbortExchange = () => {};
    const sending = transport.send(
      requestTo(port),
      options({
        onStart: (given) => {
          abort = given;
        },
      }),
    );
    abort(gone);
    expect(await failureOf(sending)).toBe(gone);
    await transport.send(requestTo(port), options());
    expect(served).toBe(1);
  });

  test('while waiting for the headers', async () => {
    let arrived = (): void => {};
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const { port, sockets } = await listenHttp(() => arrived());
    let abort: AbortExchange = () => {};
    const sending = transportFor().send(
      requestTo(port),
      options({
        onStart: (given) => {
          abort = given;
        },
      }),
    );
    await arrival;
    abort(gone);
    abort(new Error('too late'));
    expect(await failureOf(sending)).toBe(gone);
    await soon(() => sockets.size === 0);
  });

  test.each(['content-length: 100', 'transfer-encoding: chunked', 'connection: close'])(
    'inside a body with %s',
    async (framing) => {
      const { port, sockets } = await listenRaw((socket) =>
        socket.write(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n5\r\nhello\r\n`),
      );
      const stream = await openStream(transportFor(), requestTo(port));
      const failed = failureOf(readAll(stream));
      setImmediate(() => stream.abort(gone));
      expect(await failed).toBe(gone);
      await soon(() => sockets.size === 0);
    },
  );

  test('a stream that was never piped', async () => {
    const { port, sockets } = await listenHttp((_, outgoing) => void outgoing.write('data: 1\n\n'));
    const stream = await openStream(transportFor(), requestTo(port));
    stream.abort(gone);
    expect(await failureOf(readAll(stream))).toBe(gone);
    await soon(() => sockets.size === 0);
  });

  test('from inside onData', async () => {
    const { port, sockets } = await listenHttp((_, outgoing) => void outgoing.write('data: 1\n\n'));
    const stream = await openStream(transportFor(), requestTo(port));
    const events: string[] = [];
    stream.pipe({
      onData: () => {
        events.push('data');
        stream.abort(gone);
        return true;
      },
      onEnd: () => events.push('end'),
      onError: (error) => events.push(error.message),
    });
    await soon(() => sockets.size === 0);
    expect(events).toEqual(['data', 'client gone']);
  });

  test('after the end it does nothing, and the socket goes on serving', async () => {
    let connections = 0;
    const server = createServer((_, outgoing) => outgoing.end('data: 1\n\n')).on('connection', () => connections++);
    const { port } = await listen(server);
    const transport = transportFor();
    const stream = await openStream(transport, requestTo(port));
    await readAll(stream);
    await new Promise((resolve) => setTimeout(resolve, 10));
    stream.abort(gone);
    stream.resume();
    expect((await transport.send(requestTo(port), options())).body.toString()).toBe('data: 1\n\n');
    expect(connections).toBe(1);
  });

  test('clients that leave at any moment, again and again, leave nothing open and nothing stuck', async () => {
    const { port, sockets } = await listenHttp((incoming, outgoing) => {
      if (incoming.url === '/whole') return void outgoing.end('ok');
      const timer = setInterval(() => outgoing.write(`data: ${'x'.repeat(5_000)}\n\n`), 1);
      outgoing.on('close', () => clearInterval(timer));
    });
    const transport = transportFor();
    let ended = 0;
    for (let round = 0; round < 8; round++) {
      const left = Array.from({ length: 25 }, async (_, index) => {
        const opening = transport.stream(
          requestTo(port),
          options({ onStart: (abort) => void setTimeout(() => abort(gone), (index * 7) % 30) }),
        );
        const failed = await failureOf(
          opening.then((opened) => {
            if (opened.kind !== 'stream') return;
            // Every third reader is stuck: paused, never resumed.
            if (index % 3 > 0) return readAll(opened);
            return new Promise((_, reject) => opened.pipe({ onData: () => false, onEnd: () => {}, onError: reject }));
          }),
        );
        expect(failed).toBe(gone);
        ended += 1;
      });
      await Promise.all(left);
    }
    expect(ended).toBe(200);
    await soon(() => sockets.size <= 25);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => transport.send(requestTo(port, { path: '/whole' }), options())),
    );
    expect(answers.every(({ body }) => body.toString() === 'ok')).toBe(true);
  });
});

test('destroy fails what is in flight, and later calls, as shutting down', async () => {
  const { port } = await listenHttp(() => {});
  const transport = transportFor();
  const sending = failureOf(transport.send(requestTo(port), options()));
  await new Promise((resolve) => setTimeout(resolve, 20));
  await transport.destroy();
  expect(findUpstreamFault(await sending)?.kind).toBe('closed');
  expect(await failureOf(transport.send(requestTo(port), options()))).toMatchObject({ status: 503 });
});
