import type { FastifyRequest } from 'fastify';
import type { Json, JsonObject } from '../../core/json.ts';
import type { IdempotentRequest } from '../../management/keys/idempotency.ts';

/** The `idempotency-key` header with what it is about; null without the header. */
export function toIdempotentRequest(
  request: Pick<FastifyRequest, 'headers'>,
  route: string,
  body: Readonly<Record<string, unknown>>,
): IdempotentRequest | null {
  const header = request.headers['idempotency-key'];
  if (header === undefined) return null;
  return { header: String(header), route, body: body as Readonly<Record<string, Json>> as JsonObject };
}
