/**
 * One line per request, when its response has ended. The route's pattern is logged and never the URL, which may hold a
 * secret (`?key=`); no headers, no bodies.
 */
import type { App } from '../app-instance.ts';

export interface RequestLine {
  method: string;
  /** Null where no route matched. */
  route: string | null;
  status: number;
  durationMs: number;
  keyId: string | null;
  keyMask: string | null;
  requestId: string;
}

/** Writes one line. Called for every request, so it has to be cheap. */
export type LogRequest = (line: RequestLine) => void;

export function logRequests(app: App, logRequest: LogRequest): void {
  app.addHook('onResponse', (request, reply, done) => {
    // Unset when the request was refused before anybody knew who it was.
    const key = request.caller?.key;
    logRequest({
      method: request.method,
      route: request.policy?.route ?? null,
      status: reply.raw.statusCode,
      durationMs: Math.round(reply.elapsedTime * 1_000) / 1_000,
      keyId: key?.keyId ?? null,
      keyMask: key?.mask ?? null,
      requestId: request.id,
    });
    done();
  });
}
