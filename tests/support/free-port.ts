import { createServer } from 'node:net';

/**
 * Below what systems give to whoever asks for any port, and to outgoing connections: those of tests that run side by side
 * would take the port again before its server listens.
 */
const FIRST = 20_000;
const LAST = 32_000;

/** A port of loopback that nobody listens on at this moment. */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
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
