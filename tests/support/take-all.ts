// A web server that takes whatever is sent to it, as log destinations of all types and receivers of alerts do.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

export interface Taken {
  /** Path and query. */
  path: string;
  /** Unzipped where it came zipped. */
  body: Buffer;
}

export interface TakeAll {
  url: string;
  taken: Taken[];
  close(): Promise<void>;
}

/** Under `/refused` it answers 400, under `/away` 503; both are kept as well. */
export async function startTakeAll(): Promise<TakeAll> {
  const taken: Taken[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const path = request.url ?? '/';
    taken.push({ path, body: body[0] === 0x1f && body[1] === 0x8b ? gunzipSync(body) : body });
    const status = path.startsWith('/refused') ? 400 : path.startsWith('/away') ? 503 : 200;
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    taken,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
