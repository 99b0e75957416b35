/** Why would a call pass or fail? The live decision's own functions, told instead of enforced. */
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { KeyRecord } from '../../core/key.ts';
import type { CallQuestion, Explanation } from '../../gateway/explain-call.ts';
import type { App } from '../app-instance.ts';
import { fromExplanation, keyExplainBody, keyExplainReply, toParsedCall } from '../schemas/key-explain.ts';

export interface ExplainRoutesDeps {
  /** The key that the text names, if this caller may see it. @throws GatewayError not_found, forbidden */
  getVisibleKey(caller: Caller, key: string): Promise<KeyRecord>;
  explainCall(question: Omit<CallQuestion, 'standing'>): Promise<Explanation>;
}

export function registerExplainRoutes(app: App, deps: ExplainRoutesDeps): void {
  app.post(
    '/key/explain',
    {
      config: { access: 'info', scope: 'scoped' },
      schema: {
        tags: ['keys'],
        summary: 'Explain what would happen to a call',
        description:
          'Every rule that a call of this key would meet, in order, with the numbers as they are now. Uses up nothing. ' +
          'A key may ask about itself; administrators about any.',
        body: keyExplainBody,
        response: { 200: keyExplainReply },
      },
    },
    async (request) => {
      const { body, caller } = request;
      const key = await findSubject(deps, caller, body.key);
      const { parsed, route } = toParsedCall(body);
      // A key that asks about itself asks from where it would call.
      const ip = body.ip ?? (caller.key?.keyId === key.keyId ? request.ip : null);
      return fromExplanation(await deps.explainCall({ key, parsed, route, ip }));
    },
  );
}

async function findSubject(deps: ExplainRoutesDeps, caller: Caller, named: string | undefined): Promise<KeyRecord> {
  if (named !== undefined) return deps.getVisibleKey(caller, named);
  if (caller.key !== null) return caller.key;
  throw new GatewayError('bad_request', "'key' is required: the master key has no limits to explain.", {
    param: 'key',
  });
}
