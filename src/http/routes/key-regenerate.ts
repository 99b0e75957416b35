/**
 * Rotation, by body or by path. A key in a path may hold slashes, which the router takes for separators: a second,
 * undocumented route catches those and leaves every other path to the answer for unknown ones.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { KeyManagement } from '../../management/keys/key-management.ts';
import { regenerateKey } from '../../management/keys/regenerate-key.ts';
import type { App } from '../app-instance.ts';
import { nameIgnoredFields, nameUnenforcedFields } from '../field-headers.ts';
import { findUnenforcedFields } from '../schemas/key-fields.ts';
import { fromIssuedKey, KeyGenerateReply } from '../schemas/key-generate.ts';
import {
  KEY_REGENERATE_NAMES,
  KeyRegenerateBody,
  type KeyRegenerateInput,
  toKeyRotation,
} from '../schemas/key-regenerate.ts';
import { toIdempotentRequest } from './idempotency-header.ts';

const SUFFIX = '/regenerate';
const config = { access: 'management', scope: 'scoped' } as const;
const schema = {
  tags: ['keys'],
  summary: 'Give a key a new secret',
  description:
    'key_id, alias, spend, budget windows, limits and expiry stay, except where the body changes them. The old secret ' +
    'dies at once, or after `grace_period`. An `idempotency-key` header makes a repetition harmless.',
  body: KeyRegenerateBody,
  response: { 200: KeyGenerateReply },
};

export function registerKeyRegenerateRoutes(app: App, keyManagement: KeyManagement): void {
  app.post('/key/regenerate', { config, schema }, (request, reply) => rotate(request, reply, request.body, null));

  app.post(
    '/key/:key/regenerate',
    { config, schema: { ...schema, params: z.object({ key: z.string().describe('Secret, hash, key_id or alias.') }) } },
    (request, reply) => rotate(request, reply, request.body, request.params.key),
  );

  app.post(
    '/key/*',
    {
      config,
      schema: { ...schema, hide: true, params: z.object({ '*': z.string() }) },
      onRequest: (request, reply, done) => {
        if (isRotation((request.params as { '*': string })['*'])) done();
        else reply.callNotFound();
      },
    },
    (request, reply) => rotate(request, reply, request.body, request.params['*'].slice(0, -SUFFIX.length)),
  );

  async function rotate(
    request: FastifyRequest,
    reply: FastifyReply,
    body: KeyRegenerateInput,
    pathKey: string | null,
  ) {
    const route = pathKey === null ? '/key/regenerate' : `/key/${pathKey}/regenerate`;
    const rotation = toKeyRotation(body, pathKey, toIdempotentRequest(request, route, body));
    const issued = await regenerateKey(keyManagement, request.caller, request.actor(), rotation);
    nameIgnoredFields(reply, body, KEY_REGENERATE_NAMES);
    nameUnenforcedFields(reply, findUnenforcedFields(body));
    return fromIssuedKey(issued, body);
  }
}

function isRotation(rest: string): boolean {
  return rest.endsWith(SUFFIX) && rest.length > SUFFIX.length;
}
