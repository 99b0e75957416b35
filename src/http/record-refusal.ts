/** Refused attempts to change something, on their way to the audit log. */
import type { FastifyRequest } from 'fastify';
import type { Refusal } from '../management/audit/refusal-log.ts';
import type { ErrorResponse } from './error-response.ts';
import { findRefusalTarget } from './refusal-target.ts';

/** Resolves once the attempt is on record. Never rejects. */
export type RecordRefusal = (refusal: Refusal) => Promise<void>;

/** The attempt that ends with this answer; null: nothing was to be changed, or it is no refusal but a fault of ours. */
export function toRefusal(request: FastifyRequest, { status, body }: ErrorResponse): Refusal | null {
  if (request.policy?.audited !== true || status < 400 || status >= 500) return null;
  const { type, param, message } = (body.error ?? {}) as { type?: string; param?: string | null; message?: string };
  return {
    actor: request.actor(),
    target: findRefusalTarget(request),
    status,
    type: type ?? '',
    param: param ?? null,
    message: message ?? '',
  };
}
