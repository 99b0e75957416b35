// A line to a server that a test can hold up, cut or take down, as when the server stands still, drops its connections or
// is not there.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface HeldLine {
  /** The server's address with the line's host and port. */
  url: string;
  /** Connections stay open, new ones are taken, and nothing gets through. */
  hold(): void;
  release(): void;
  /** Resets every connection; new ones are taken. How many there were. */
  cut(): number;
  /** Resets every connection and refuses new ones. */
  takeDown(): Promise<void>;
  bringUp(): Promise<void>;
  close(): Promise<void>;
}

export async function startHeldLine(target: string): Promise<HeldLine> {
  const { hostname, port: farPort } = new URL(target);
  const sockets = new Set<Socket>();
  let held = false;
  let server = await listen(0);
  const { port } = server.address() as AddressInfo;
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String(port);

  async function listen(at: number): Promise<Server> {
    const made = createServer((near) => {
      const far = connect(Number(farPort), hostname);
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(from);
        from.on('data', (chunk) => to.write(chunk));
        from.on('error', () => {});
        from.on('close', () => {
          sockets.delete(from);
          to.destroy();
        });
        if (held) from.pause();
      }
    }).listen(at, '127.0.0.1');
    await once(made, 'listening');
    return made;
  }

  function cut(): number {
    const all = [...sockets];
    for (const socket of all) socket.resetAndDestroy();
    return all.length / 2;
  }

  async function takeDown(): Promise<void> {
    const closed = once(server, 'close');
    server.close();
    cut();
    await closed;
  }

  return {
    url: url.href,
    hold() {
      held = true;
      for (const socket of sockets) socket.pause();
    },
    release() {
      held = false;
      for (const socket of sockets) socket.resume();
    },
    cut,
    takeDown,
    async bringUp() {
      server = await listen(port);
    },
    close: () => (server.listening ? takeDown() : Promise.resolve()),
  };
}
