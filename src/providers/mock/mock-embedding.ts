import { createHash } from 'node:crypto';

const DEFAULT_DIMENSIONS = 1_536;
const MAX_DIMENSIONS = 8_192;

/**
 * Embeddings that mean nothing but keep the form: one unit vector for each input, the same for the same input, of the
 * length asked for, as numbers or as base64 of 32-bit floats (what OpenAI's own clients ask for).
 */
export function buildMockEmbeddings(body: Readonly<Record<string, unknown>>): object[] {
  const { input, dimensions, encoding_format: format } = body;
  const isBatch = Array.isArray(input) && typeof input[0] !== 'number';
  const length =
    typeof dimensions === 'number' && dimensions >= 1 ? Math.min(dimensions, MAX_DIMENSIONS) : DEFAULT_DIMENSIONS;
  return (isBatch ? input : [input]).map((one: unknown, index: number) => {
    const vector = buildVector(JSON.stringify(one) ?? '', Math.floor(length));
    const embedding = format === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector];
    return { object: 'embedding', index, embedding };
  });
}

function buildVector(text: string, length: number): Float32Array {
  const noise = createHash('shake256', { outputLength: length }).update(text).digest();
  const raw = Array.from(noise, (byte) => byte - 127.5);
  const norm = Math.hypot(...raw);
  return Float32Array.from(raw, (value) => value / norm);
}
