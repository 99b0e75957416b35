import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedBatch {
  id: string;
  path: string;
  headers: IncomingHttpHeaders;
  records: unknown[];
}

/** Takes what a webhook sends. */
export interface FakeReceiver {
  url: string;
  /** Every batch that was answered with success, or swallowed, in the order in which they came. */
  batches(): ReceivedBatch[];
  /** From now on every request is answered so. */
  answer(status: number): void;
  /** From now on requests are taken and never answered. */
  swallow(): void;
  /** From now on requests with such records are refused for what they are. */
  refuse(when: (records: unknown[]) => boolean): void;
  /** Resolves once there have been so many batches. */
  until(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function createFakeReceiver(): Promise<FakeReceiver> {
  const batches: ReceivedBatch[] = [];
  let status: number | null = 200;
  let refuses: (records: unknown[]) => boolean = () => false;
  let wake: () => void = () => {};
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const records = JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown[];
      const { url = '', headers } = request;
      const answered = status === 200 && refuses(records) ? 400 : status;
      if (answered === 200 || answered === null) {
        batches.push({ id: String(headers['idempotency-key']), path: url, headers, records });
        wake();
      }
      if (answered !== null) response.writeHead(answered).end('{"said":"this"}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    batches: () => batches,
    answer(next) {
      status = next;
    },
    swallow() {
      status = null;
    },
    refuse(when) {
      refuses = when;
    },
    async until(count) {
      while (batches.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
