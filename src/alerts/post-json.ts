import { Agent, request } from 'undici';
import { hideEchoes } from '../core/hide-echoes.ts';
import type { Json } from '../core/json.ts';

export interface JsonPoster {
  /** Resolves at a 2xx. Throws for anything else, with the answer's own words; redirects are not followed. */
  post(body: Json, headers?: Readonly<Record<string, string>>): Promise<void>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 10_000;
const MAX_WORDS = 300;
const MAX_ANSWER_BYTES = 64 * 1024;

/** Posts to one address, which may be a secret: no error repeats it, nor what of it looks like a credential. */
export function createJsonPoster(url: string): JsonPoster {
  const dispatcher = new Agent({ connections: 4, connect: { timeout: TIMEOUT_MS }, maxResponseSize: MAX_ANSWER_BYTES });
  return {
    async post(body, headers = {}) {
      try {
        const answer = await request(url, {
          dispatcher,
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify(body),
          headersTimeout: TIMEOUT_MS,
          bodyTimeout: TIMEOUT_MS,
        });
        const words = hideEchoes(await answer.body.text(), { url, headers })
          .trim()
          .slice(0, MAX_WORDS);
        if (answer.statusCode >= 200 && answer.statusCode < 300) return;
        throw new Error(`answered ${answer.statusCode}${words === '' ? '' : `: ${words}`}`);
      } catch (error) {
        const words = error instanceof Error ? error.message || error.name : String(error);
        throw new Error(words.replaceAll(url, 'the address'));
      }
    },
    close: () => dispatcher.destroy(),
  };
}
