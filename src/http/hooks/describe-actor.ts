/** `request.actor()`: who does a change, for the audit row that is written with it. */
import type { FastifyRequest } from 'fastify';
import type { Actor } from '../../core/audit.ts';
import { ADMIN_USER_ID } from '../../core/caller.ts';
import type { App } from '../app-instance.ts';

/** Long enough for any name or address; the header is free text from outside. */
const MAX_NAME_LENGTH = 256;

export function describeActors(app: App): void {
  app.decorateRequest('actor', function actor(this: FastifyRequest): Actor {
    const { caller } = this;
    return {
      changedBy: namedBy(this) ?? caller.userId ?? caller.key?.keyId ?? ADMIN_USER_ID,
      changedByHash: caller.secretHash,
      requestId: this.id,
      sourceIp: this.ip,
    };
  });
}

/** On whose behalf the caller acts, when it says so. The hash beside it tells who really called. */
function namedBy(request: FastifyRequest): string | undefined {
  const name = request.headers['litellm-changed-by'];
  return typeof name === 'string' && name.trim() !== '' ? name.trim().slice(0, MAX_NAME_LENGTH) : undefined;
}
