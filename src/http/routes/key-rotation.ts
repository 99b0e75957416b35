/** How the holder of a secret comes to the next one, when its key rotates by itself. */
import { z } from 'zod';
import { claimRotation } from '../../management/keys/claim-rotation.ts';
import type { KeyManagement } from '../../management/keys/key-management.ts';
import type { App } from '../app-instance.ts';
import { fromIssuedKey, KeyGenerateReply } from '../schemas/key-generate.ts';
import { toIdempotentRequest } from './idempotency-header.ts';

const ROUTE = '/key/rotation/claim';
const Body = z.looseObject({}).nullish().describe('Nothing is read of it.');

export function registerKeyRotationRoutes(app: App, keyManagement: KeyManagement): void {
  app.post(
    ROUTE,
    {
      config: { access: 'info', scope: 'self', audited: true },
      schema: {
        tags: ['keys'],
        summary: 'Get the next secret of the key that is calling, whose rotation is due',
        description:
          'With `auto_rotate`, from `key_rotation_at` on, once, with the secret that is to be replaced; that one works on ' +
          'for the grace period. The secret is in the reply and nowhere else; an `idempotency-key` header lets a ' +
          'repetition see it again.',
        body: Body,
        response: { 200: KeyGenerateReply },
      },
    },
    async (request) => {
      const idempotency = toIdempotentRequest(request, ROUTE, request.body ?? {});
      return fromIssuedKey(await claimRotation(keyManagement, request.caller, request.actor(), idempotency), {});
    },
  );
}
