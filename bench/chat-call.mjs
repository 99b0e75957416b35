// The calls that scenarios are measured with, and a gateway that is ready for one of them.

import { buildPost } from './closed-loop.mjs';
import { startGateway } from './targets.mjs';

/** A body of about 120 bytes. */
export const SMALL = {
  model: 'bench',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'How is the world today?' }],
};
/** A prompt of 107 kB. */
export const LONG = { ...SMALL, messages: [{ role: 'user', content: 'How is the world today? '.repeat(4_460) }] };

/**
 * A chat call that is sent as it stands.
 *
 * @param {string} key
 * @param {object} [body]
 */
export function buildChatCall(key, body = SMALL) {
  return buildPost('/v1/chat/completions', key, JSON.stringify(body));
}

/**
 * A side of a comparison: a fresh gateway and a call of its key.
 *
 * @param {number} upstreamPort
 * @param {Parameters<typeof startGateway>[1]} [options]
 * @param {object} [body]
 */
export async function startGatewaySide(upstreamPort, options, body) {
  const target = await startGateway(upstreamPort, options);
  return { target, request: buildChatCall(target.key, body) };
}
