/**
 * An upstream's response headers as they came over the wire: nothing is decoded until it is asked for, because most
 * calls look at one or two of them.
 */
export class UpstreamHeaders {
  private readonly raw: readonly Buffer[];

  /** @param raw names and values in turn, as undici hands them out */
  constructor(raw: readonly Buffer[]) {
    this.raw = raw;
  }

  /** The first value of that name; `name` in lower case. */
  get(name: string): string | undefined {
    for (let index = 0; index + 1 < this.raw.length; index += 2) {
      const candidate = this.raw[index];
      if (candidate?.length !== name.length) continue;
      if (candidate.toString('latin1').toLowerCase() === name) return this.raw[index + 1]?.toString('latin1');
    }
    return undefined;
  }

  /**
   * Calls with every header whose name (in lower case) begins with one of these letters, in wire order; a repeated name
   * comes repeatedly. The letters spare the decoding of all the others.
   */
  forEach(firstLetters: string, visit: (name: string, value: string) => void): void {
    for (let index = 0; index + 1 < this.raw.length; index += 2) {
      const name = this.raw[index] as Buffer;
      if (!firstLetters.includes(String.fromCharCode((name[0] ?? 0) | LOWER_CASE_BIT))) continue;
      visit(name.toString('latin1').toLowerCase(), (this.raw[index + 1] as Buffer).toString('latin1'));
    }
  }
}

const LOWER_CASE_BIT = 0x20;
