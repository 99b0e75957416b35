/** `request.actor()`: who does a change, for the audit row that is written with it. */
import type { FastifyRequest } from 'fastify';
import type { Actor } from '../../core/audit.ts';
import { maskSecretsInText } from '../../core/audit-values.ts';
import { ADMIN_USER_ID, ANONYMOUS, type Caller } from '../../core/caller.ts';
import type { App } from '../app-instance.ts';

/** Long enough for any name, address or program; both headers are free text from outside. */
const MAX_TEXT_LENGTH = 256;

export function describeActors(app: App): void {
  app.decorateRequest('actor', function actor(this: FastifyRequest): Actor {
    const { policy } = this;
    // Not set yet when the request was refused before anybody knew who it was.
    const caller = this.caller ?? ANONYMOUS;
    return {
      changedBy: namedBy(caller, this) ?? callerName(caller),
      changedByHash: caller.secretHash,
      callerKind: caller.kind,
      callerUserId: caller.userId,
      callerKeyId: caller.key?.keyId ?? null,
      callerSessionId: caller.sessionId,
      requestId: this.id,
      sourceIp: this.ip,
      userAgent: trim(this.headers['user-agent']),
      route: policy == null ? null : `${this.method} ${policy.route}`,
    };
  });
}

/** On whose behalf the caller acts, when it says so. Nobody can say so without a credential of their own. */
function namedBy(caller: Caller, { headers }: FastifyRequest): string | null {
  return caller.kind === 'anonymous' ? null : trim(headers['litellm-changed-by']);
}

function callerName(caller: Caller): string {
  if (caller.kind === 'anonymous') return 'anonymous';
  return caller.userId ?? caller.key?.keyId ?? ADMIN_USER_ID;
}

function trim(header: string | string[] | undefined): string | null {
  const text = typeof header === 'string' ? header.trim().slice(0, MAX_TEXT_LENGTH) : '';
  return text === '' ? null : maskSecretsInText(text);
}
