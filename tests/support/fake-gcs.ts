// The part of Google Cloud Storage's JSON API that uploads and their readers need, as its emulators have it: uploads of the
// kinds `media` and `multipart`; objects listed, described and downloaded. Nobody has to say who they are.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';

export interface Upload {
  bucket: string;
  name: string;
  contentType: string;
  /** As the upload declares it; what is sent is stored as it is. */
  contentEncoding: string | undefined;
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

  const objects = () => new Map(uploads.map((upload) => [`${upload.bucket}/${upload.name}`, upload]));

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    requests += 1;
    const now = behavior;
    if (now.kind === 'cut') {
      request.socket.destroy();
      return;
    }
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    if (now.kind === 'answer') return reply(response, now.status, { error: { code: now.status, message: 'as told' } });
    const url = new URL(request.url ?? '', 'http://gcs');
    if (request.method === 'GET') return read(url, request, response);
    const upload = toUpload(url, request, Buffer.concat(parts));
    if (upload === null) return reply(response, 404, {});
    if (now.kind === 'store') await sleep(now.delayMs);
    uploads.push(upload);
    const { bucket, name, body } = upload;
    const id = `${bucket}/${name}`;
    contents.set(id, (contents.get(id) ?? new Set()).add(md5(body)));
    if (now.kind === 'swallow') return;
    reply(response, 200, describe(upload));
  }

  // Where STORAGE_EMULATOR_HOST is set, Google's client for Node.js leaves the beginning of the path out.
  function read(url: URL, request: IncomingMessage, response: ServerResponse): void {
    const [, bucket, , name] = /^(?:\/storage\/v1)?\/b\/([^/]+)\/o(\/([^/]+))?$/.exec(url.pathname) ?? [];
    const object = name === undefined ? undefined : objects().get(`${bucket}/${decodeURIComponent(name)}`);
    if (name === undefined) {
      const prefix = url.searchParams.get('prefix') ?? '';
      const found = [...objects().values()].filter((one) => one.bucket === bucket && one.name.startsWith(prefix));
      reply(response, 200, { kind: 'storage#objects', items: found.map(describe) });
    } else if (object === undefined) reply(response, 404, { error: { code: 404, message: 'No such object' } });
    else if (url.searchParams.get('alt') === 'media') download(object, request, response);
    else reply(response, 200, describe(object));
  }

  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
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

function md5(body: Buffer): string {
  return createHash('md5').update(body).digest('base64');
}

/** Null: it is none. */
function toUpload(url: URL, { method, headers }: IncomingMessage, sent: Buffer): Upload | null {
  const bucket = /^\/upload\/storage\/v1\/b\/([^/]+)\/o$/.exec(url.pathname)?.[1];
  const name = url.searchParams.get('name');
  if (method !== 'POST' || bucket === undefined || name === null) return null;
  const { 'content-type': contentType = '', authorization } = headers;
  const common = { bucket, name, authorization };
  switch (url.searchParams.get('uploadType')) {
    case 'media': {
      const contentEncoding = url.searchParams.get('contentEncoding') ?? undefined;
      return { ...common, contentType, contentEncoding, body: sent };
    }
    case 'multipart':
      return { ...common, ...fromParts(contentType, sent) };
    default:
      return null;
  }
}

/** Two parts: what is said of the object, as JSON, and the object. */
function fromParts(type: string, sent: Buffer): Pick<Upload, 'contentType' | 'contentEncoding' | 'body'> {
  const boundary = /boundary="?([^";]+)/.exec(type)?.[1] ?? '';
  // Each byte a character, so that what is cut out is the same bytes.
  const [, said = '', object = ''] = sent.toString('latin1').split(`--${boundary}`);
  const contentOf = (part: string) => part.slice(part.indexOf('\r\n\r\n') + 4, -2);
  const { contentType = '', contentEncoding } = JSON.parse(Buffer.from(contentOf(said), 'latin1').toString('utf8'));
  return { contentType, contentEncoding, body: Buffer.from(contentOf(object), 'latin1') };
}

/** The resource `Object`. */
function describe({ bucket, name, contentType, contentEncoding, body }: Upload): object {
  const size = String(body.length);
  return { kind: 'storage#object', bucket, name, contentType, contentEncoding, size, md5Hash: md5(body) };
}

/** What is declared as compressed is unpacked on the way to whoever does not take it so. */
function download(
  { contentType, contentEncoding, body }: Upload,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const zipped = contentEncoding === 'gzip';
  const asStored = !zipped || /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  response
    .writeHead(200, {
      'content-type': contentType,
      'x-goog-hash': `md5=${md5(body)}`,
      'x-goog-stored-content-encoding': contentEncoding ?? 'identity',
      ...(zipped && asStored ? { 'content-encoding': 'gzip' } : {}),
    })
    .end(asStored ? body : gunzipSync(body));
}
