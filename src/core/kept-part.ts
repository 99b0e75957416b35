import type { JsonBytes } from './json-bytes.ts';

/** What its bytes were made of, in order. */
type Parts = readonly (string | number | boolean | null)[];

const MAX_KEPT = 1_024;

/**
 * A part of a line that is the same for many calls, such as all that a line says of a deployment. It is written once for each
 * `of` (whatever it is mostly made of) and copied as long as everything else it is made of has stayed the same.
 */
export class KeptPart<Of> {
  private readonly kept = new Map<string, { parts: Parts; bytes: Uint8Array }>();
  private readonly partsOf: (of: Of) => Parts;
  private readonly write: (out: JsonBytes, of: Of) => void;

  /** `write` must write nothing that is not made of these parts. */
  constructor(partsOf: (of: Of) => Parts, write: (out: JsonBytes, of: Of) => void) {
    this.partsOf = partsOf;
    this.write = write;
  }

  put(out: JsonBytes, name: string, of: Of): void {
    const parts = this.partsOf(of);
    const known = this.kept.get(name);
    if (known !== undefined && isSame(known.parts, parts)) {
      out.raw(known.bytes);
      return;
    }
    const start = out.end;
    this.write(out, of);
    // What is still in use comes back with the next call.
    if (this.kept.size >= MAX_KEPT) this.kept.clear();
    this.kept.set(name, { parts, bytes: out.copy(start) });
  }
}

function isSame(one: Parts, other: Parts): boolean {
  for (let index = 0; index < one.length; index += 1) {
    if (one[index] !== other[index]) return false;
  }
  return true;
}
