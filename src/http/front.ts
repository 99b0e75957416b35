/**
 * What stays when one application takes another's place on the same socket: the server that listens, its connections
 * with the answers that are owed on them, and whether it is closing. Requests that an application has begun it also
 * ends; only those that come after the exchange are the next one's.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { App } from './app-instance.ts';

export interface Front {
  /** True for the first application that asks: its server is the one that listens. */
  isOwnedBy(app: App): boolean;
  /** How many answers are owed on each open connection: several where a client pipelines. */
  readonly owed: Map<Socket, number>;
  /** An answer is owed on this connection. */
  begin(socket: Socket): void;
  /** The operating system has all of an answer. */
  end(socket: Socket): void;
  isClosing(): boolean;
  /** From now on nothing new is begun. */
  beginClosing(): void;
  /** From now on requests are this application's. It has to be ready, and to have been created over this front. */
  hand(app: App): void;
}

export function createFront(): Front {
  const owed = new Map<Socket, number>();
  let owner: App | null = null;
  let closing = false;
  const change = (socket: Socket, by: number): void => {
    const answers = owed.get(socket);
    if (answers !== undefined) owed.set(socket, answers + by);
  };
  return {
    isOwnedBy(app) {
      owner ??= app;
      return owner === app;
    },
    owed,
    begin: (socket) => change(socket, 1),
    end: (socket) => change(socket, -1),
    isClosing: () => closing,
    beginClosing() {
      closing = true;
    },
    hand(app) {
      if (owner === null || owner === app) return;
      moveListeners(app.server, owner.server);
      // It never listens, but Node keeps watching over its connections until it is closed.
      app.server.close();
    },
  };
}

/** In one turn of the event loop, so that no request finds nobody. */
function moveListeners(from: Server, to: Server): void {
  const listeners = from.listeners('request') as ((...args: unknown[]) => void)[];
  to.removeAllListeners('request');
  for (const listener of listeners) to.on('request', listener);
}
