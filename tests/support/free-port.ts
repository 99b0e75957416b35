import { createServer } from 'node:net';

/**
 * Below what systems give to whoever asks for any port, and to outgoing connections: those of tests that run side by side
 * would take the port again before its server listens. Each worker has ports of its own there.
 */
const FIRST = 20_000;
const PER_WORKER = 1_000;
const WORKERS = 12;

const start = FIRST + (Number(process.env.VITEST_POOL_ID ?? 0) % WORKERS) * PER_WORKER;
let next = Math.floor(Math.random() * PER_WORKER);

/** A port of loopback that nobody listens on at this moment, another one each time. */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = start + (next++ % PER_WORKER);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
