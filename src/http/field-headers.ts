/** Says in the reply's headers what became of fields that have no effect, since LiteLLM's clients send many. */
import type { FastifyReply } from 'fastify';

const HEADER_SAFE_NAME = /^[A-Za-z0-9_.-]{1,64}$/;
const MAX_NAMES = 20;

/** `x-latchkey-ignored-fields`: members of the body that the endpoint does not know. */
export function nameIgnoredFields(reply: FastifyReply, body: object, known: readonly string[]): void {
  setNames(
    reply,
    'x-latchkey-ignored-fields',
    Object.keys(body).filter((name) => !known.includes(name)),
  );
}

/** `x-latchkey-not-enforced`: fields that are stored and returned, and that nothing acts on yet. */
export function nameUnenforcedFields(reply: FastifyReply, names: readonly string[]): void {
  setNames(reply, 'x-latchkey-not-enforced', names);
}

/** `x-latchkey-left-out`: how many rows the reply is too short for, by their kind. */
export function nameLeftOut(reply: FastifyReply, counts: Readonly<Record<string, number>>): void {
  const left = Object.entries(counts).filter(([, count]) => count > 0);
  if (left.length > 0) reply.header('x-latchkey-left-out', left.map(([kind, count]) => `${kind}=${count}`).join(', '));
}

/** Names come from the client: only those that a header can carry, and not without end. */
function setNames(reply: FastifyReply, header: string, names: readonly string[]): void {
  const safe = names.filter((name) => HEADER_SAFE_NAME.test(name)).slice(0, MAX_NAMES);
  if (safe.length > 0) reply.header(header, safe.join(', '));
}
