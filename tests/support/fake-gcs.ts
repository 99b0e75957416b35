// The part of Google Cloud Storage's JSON API that uploads need: media uploads, as its emulators take them.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Upload {
  bucket: string;
  name: string;
  contentType: string;
  authorization: string | undefined;
  body: Buffer;
}

/** `cut`: the connection ends in the middle of the upload. `swallow`: the object is stored and nothing is answered. */
export type GcsBehavior =
  | { kind: 'store'; delayMs: number }
  | { kind: 'answer'; status: number }
  | { kind: 'cut' | 'swallow' };

export interface FakeGcs {
  /** For STORAGE_EMULATOR_HOST. */
  url: string;
  /** Everything that was stored, repeats included. */
  uploads(): readonly Upload[];
  /** What is stored by now, by bucket and name: a repeat has replaced what was there. */
  objects(): ReadonlyMap<string, Upload>;
  /** All records of a bucket's NDJSON objects. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into records of calls.
  records(bucket: string): any[];
  /** Names under which different contents were stored. */
  changedNames(): string[];
  behave(behavior: GcsBehavior): void;
  /** Requests so far, those that were not stored included. */
  requests(): number;
  close(): Promise<void>;
}

export async function startFakeGcs(): Promise<FakeGcs> {
  const uploads: Upload[] = [];
  const contents = new Map<string, Set<string>>();
  let behavior: GcsBehavior = { kind: 'store', delayMs: 0 };
  let requests = 0;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    requests += 1;
    const now = behavior;
    const url = new URL(request.url ?? '', 'http://gcs');
    const bucket = /^\/upload\/storage\/v1\/b\/([^/]+)\/o$/.exec(url.pathname)?.[1];
    const name = url.searchParams.get('name');
    if (now.kind === 'cut') {
      request.socket.destroy();
      return;
    }
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    if (now.kind === 'answer') return reply(response, now.status, { error: { code: now.status, message: 'as told' } });
    if (request.method !== 'POST' || bucket === undefined || name === null) return reply(response, 404, {});
    const body = Buffer.concat(parts);
    if (now.kind === 'store') await sleep(now.delayMs);
    const { 'content-type': contentType = '', authorization } = request.headers;
    uploads.push({ bucket, name, contentType, authorization, body });
    const id = `${bucket}/${name}`;
    const hash = createHash('md5').update(body).digest('base64');
    contents.set(id, (contents.get(id) ?? new Set()).add(hash));
    if (now.kind === 'swallow') return;
    reply(response, 200, { kind: 'storage#object', bucket, name, size: String(body.length), md5Hash: hash });
  }

  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const objects = () => new Map(uploads.map((upload) => [`${upload.bucket}/${upload.name}`, upload]));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    uploads: () => uploads,
    objects,
    records: (bucket) =>
      [...objects().values()]
        .filter((object) => object.bucket === bucket)
        .flatMap(({ body }) => body.toString('utf8').split('\n'))
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
    changedNames: () => [...contents].filter(([, hashes]) => hashes.size > 1).map(([id]) => id),
    behave(next) {
      behavior = next;
    },
    requests: () => requests,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
