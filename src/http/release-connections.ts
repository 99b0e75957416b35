/**
 * Closing ends when the last answer has been read, not before it and not long after. Node alone does neither: it cuts
 * answers that are written but still on their way to a slow client, and it waits for connections that nobody is being
 * answered on: those that have not sent a request yet, which it takes for busy, and those that are kept alive after an
 * answer that ended while closing. Each of these would hold up a restart by a minute.
 */
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { App } from './app-instance.ts';
import type { Front } from './front.ts';

const LOOK_EVERY_MS = 25;
/** For clients that do not read at all. Longer than calls in flight may take to end. */
const LONGEST_WAIT_MS = 40_000;

/** Requests that come while closing are still answered (with a refusal), so this has to be registered after that. */
export function releaseConnections(app: App, front: Front): void {
  app.addHook('onRequest', (request, _reply, done) => {
    front.begin(request.raw.socket);
    done();
  });
  // By now the operating system has all of the answer.
  app.addHook('onResponse', (request, _reply, done) => {
    front.end(request.raw.socket);
    done();
  });
  if (!front.isOwnedBy(app)) return;
  const { owed } = front;
  app.server.on('connection', (socket: Socket) => {
    owed.set(socket, 0);
    socket.once('close', () => owed.delete(socket));
  });
  app.addHook('preClose', async () => {
    if (!app.server.listening) return;
    const busy = new Set([...owed.keys()].filter((socket) => owed.get(socket) !== 0));
    for (let waitedMs = 0; busy.size > 0 && waitedMs < LONGEST_WAIT_MS; waitedMs += LOOK_EVERY_MS) {
      await sleep(LOOK_EVERY_MS);
      for (const socket of busy) if ((owed.get(socket) ?? 0) === 0) busy.delete(socket);
    }
    const timer = setInterval(() => {
      for (const [socket, answers] of owed) if (answers === 0) socket.destroy();
    }, LOOK_EVERY_MS);
    app.server.once('close', () => clearInterval(timer));
  });
}
