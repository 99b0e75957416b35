import type { FastifyReply } from 'fastify';

export const TOTAL_HELP =
  'Where very many match, not all are counted: then the header x-latchkey-total is at-least, and the total grows with ' +
  'the page that is asked for.';

/** Says so where the total in an answer is less than there are. */
export function tellTotal(reply: Pick<FastifyReply, 'header'>, { isTotalExact }: { isTotalExact: boolean }): void {
  if (!isTotalExact) reply.header('x-latchkey-total', 'at-least');
}
