/** Sealed credentials in stored rows: what each of them is bound to, and what can be done with it. */

/** The same credential sealed under the current salt key; the same text where it is. Null: it cannot be opened. */
export type Reseal = (sealed: string, context: string) => string | null;

/** Which salt key a text was sealed with. */
export interface SealedUnder {
  /** As the text says; null: it was sealed before keys had ids, or is none. */
  keyId: string | null;
  key: 'current' | 'earlier' | 'unknown';
}

/** What a credential of a model is bound to. */
export function sealContext(modelId: string, path: string): string {
  return `model ${modelId} ${path}`;
}
