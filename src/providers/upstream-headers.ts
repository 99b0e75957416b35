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

  /** Every header in wire order, names in lower case; a repeated name comes repeatedly. */
  *entries(): Generator<[name: string, value: string]> {
    for (let index = 0; index + 1 < this.raw.length; index += 2) {
      const name = this.raw[index];
      const value = this.raw[index + 1];
      if (name && value) yield [name.toString('latin1').toLowerCase(), value.toString('latin1')];
    }
  }
}
