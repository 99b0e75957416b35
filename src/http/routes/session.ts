/** `/login`, `/logout`, `/session`, `/sessions`: people in front of a browser. */
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { GatewayError } from '../../core/gateway-error.ts';
import { listSessions } from '../../management/sessions/list-sessions.ts';
import { revokeSessions } from '../../management/sessions/revoke-sessions.ts';
import type { SessionManagement } from '../../management/sessions/session-management.ts';
import { signIn } from '../../management/sessions/sign-in.ts';
import { signOut } from '../../management/sessions/sign-out.ts';
import type { App } from '../app-instance.ts';
import { registerFormScope } from '../form-body.ts';
import type { AuthenticateDeps } from '../hooks/authenticate.ts';
import { refuseForeignLogin, refuseForgery } from '../refuse-forgery.ts';
import { toIsoTimeOrNull } from '../schemas/iso-time.ts';
import {
  fromSession,
  LoginBody,
  RevokeBody,
  SessionRow,
  SessionsQuery,
  SessionsReply,
  WhoAmI,
} from '../schemas/session.ts';
import { clearSessionCookie, findSessionToken, writeSessionCookie } from '../session-cookie.ts';

export interface SessionRoutesDeps extends Pick<AuthenticateDeps, 'sessions'> {
  sessionManagement: SessionManagement;
}

const tags = ['sessions'];

export function registerSessionRoutes(app: App, { sessionManagement, sessions }: SessionRoutesDeps): void {
  const { cookie } = sessions;

  registerFormScope(app, (scope) => {
    scope.post(
      '/login',
      {
        config: { access: 'public', scope: 'none', audited: true },
        schema: {
          tags,
          summary: 'Sign in',
          description: 'JSON, or what an HTML form sends. The session is in an http-only cookie and nowhere else.',
          security: [],
          body: LoginBody,
          response: { 200: SessionRow },
        },
      },
      async (request, reply) => {
        const refusal = refuseForeignLogin(request);
        if (refusal !== undefined) throw refusal;
        const { body } = request;
        const username = body.username || body.user_email || body.email || body.user_id;
        if (!username) throw new GatewayError('bad_request', 'username must name a user.', { param: 'username' });
        const { session, token } = await signIn(sessionManagement, request.actor(), {
          username,
          password: body.password,
          sourceIp: request.ip,
          replaces: findSessionToken(request, cookie),
        });
        const maxAgeMs = sessionManagement.lifetimes.absoluteMs;
        keepPrivate(reply).header('set-cookie', writeSessionCookie(request, cookie, token, maxAgeMs));
        return fromSession(session);
      },
    );
  });

  app.post(
    '/logout',
    {
      config: { access: 'public', scope: 'self', audited: true },
      schema: {
        tags,
        summary: 'Sign out',
        description: 'Ends the session of the cookie, and takes the cookie away. Without one, or when it is over, too.',
        security: [{ session: [] }, {}],
        response: { 200: z.object({ status: z.literal('signed_out') }) },
      },
    },
    async (request, reply) => {
      const token = findSessionToken(request, cookie);
      if (token !== undefined) {
        const refusal = refuseForgery(request, true);
        if (refusal !== undefined) throw refusal;
        await signOut(sessionManagement, request.actor(), token);
      }
      keepPrivate(reply).header('set-cookie', clearSessionCookie(request, cookie));
      return { status: 'signed_out' as const };
    },
  );

  app.get(
    '/session',
    {
      config: { access: 'info', scope: 'self' },
      schema: { tags, summary: 'Who am I?', response: { 200: WhoAmI } },
    },
    ({ caller }, reply) => {
      keepPrivate(reply);
      const { userId, role, kind, sessionId, endsAtMs } = caller;
      if (kind === 'anonymous') throw new GatewayError('authentication', 'Authentication Error, nobody is signed in.');
      return { user_id: userId, user_role: role, kind, session_id: sessionId, expires: toIsoTimeOrNull(endsAtMs) };
    },
  );

  app.get(
    '/sessions',
    {
      config: { access: 'info', scope: 'scoped' },
      schema: {
        tags,
        summary: 'Who is signed in',
        description: 'Your own sessions; for administrators those of everybody, or those of `user_id`. Newest first.',
        querystring: SessionsQuery,
        response: { 200: SessionsReply },
      },
    },
    async ({ caller, query }) => {
      const { page, size } = query;
      const userId = query.user_id || null;
      const found = await listSessions(sessionManagement, caller, { userId, page, size });
      return {
        sessions: found.sessions.map(fromSession),
        total_count: found.total,
        current_page: page,
        total_pages: Math.ceil(found.total / size),
      };
    },
  );

  app.post(
    '/sessions/revoke',
    {
      // Everybody may end their own; the verb says whose that are.
      config: { access: 'info', scope: 'scoped', audited: true },
      schema: {
        tags,
        summary: 'End sessions',
        description: 'One by `session_id`, or all of a user by `user_id`. From the next request on they open nothing.',
        body: RevokeBody,
        response: { 200: z.object({ revoked: z.number() }) },
      },
    },
    async (request) => {
      const { caller, body } = request;
      const which = { sessionId: body.session_id || null, userId: body.user_id || null };
      return { revoked: await revokeSessions(sessionManagement, caller, request.actor(), which) };
    },
  );
}

/** Neither the browser nor anything on the way keeps the answer. */
function keepPrivate(reply: FastifyReply): FastifyReply {
  return reply.header('cache-control', 'no-store');
}
