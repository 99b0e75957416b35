import type { Socket } from 'node:net';

/** The part of undici's response parser that matters here; it hangs on the socket under a symbol. */
interface ResponseParser {
  paused: boolean;
  resume(): void;
}

/**
 * Keeps one slow reader from ending the process. When an upstream that does not keep its connection alive closes or
 * resets it while the answer is paused, undici 7 tells its parser to finish, which asserts that it is not paused: an
 * exception in a socket's event, caught by nobody. To be called before undici puts its own listeners on the socket.
 */
export function guardPausedSocket(socket: Socket): void {
  // Everything has been read by now, so what resuming lets through is only the end itself.
  socket.on('end', () => findParser(socket)?.resume());
  // A destroyed socket cannot be resumed. The parser stays stopped, and undici fails the answer as cut off.
  socket.on('error', () => {
    const parser = findParser(socket);
    if (parser) parser.paused = false;
  });
}

function findParser(socket: Socket): ResponseParser | null {
  const symbol = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'parser');
  return symbol === undefined ? null : ((socket as unknown as Record<symbol, ResponseParser | null>)[symbol] ?? null);
}
