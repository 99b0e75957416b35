/**
 * Addresses and CIDR ranges, IPv4 and IPv6, as numbers. An IPv4 address that is wrapped in IPv6 (`::ffff:10.0.0.1`)
 * counts as IPv4, since which of the two arrives depends on the socket alone.
 */
export interface IpRange {
  version: 4 | 6;
  first: bigint;
  last: bigint;
}

const V4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;
const GROUP = /^[0-9a-f]{1,4}$/i;
const V4_IN_V6 = 0xffffn;

/** Reads an address or a range such as 10.0.0.0/8; null for everything else. */
export function parseIpRange(text: string): IpRange | null {
  const [ip = '', bits, ...rest] = text.split('/');
  if (rest.length > 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits))) return null;
  const v4 = parseV4(ip);
  if (v4 !== null) return toRange(4, v4, bits === undefined ? 32 : Number(bits));
  const v6 = parseV6(ip);
  if (v6 === null) return null;
  const prefix = bits === undefined ? 128 : Number(bits);
  if (v6 >> 32n === V4_IN_V6 && prefix >= 96) return toRange(4, v6 & 0xffff_ffffn, prefix - 96);
  return toRange(6, v6, prefix);
}

/** True when every address of the range is one of the other's. What cannot be read is within nothing. */
export function isIpRangeWithin(range: string, other: string): boolean {
  const [inner, outer] = [parseIpRange(range), parseIpRange(other)];
  return inner !== null && outer !== null && isWithin(inner, outer);
}

const compiled = new WeakMap<readonly string[], readonly IpRange[]>();

/** True when the address is in one of the ranges. Lists belong to records that never change, so each is read once. */
export function isIpInRanges(ranges: readonly string[], ip: string): boolean {
  let list = compiled.get(ranges);
  if (list === undefined) {
    list = ranges.flatMap((text) => parseIpRange(text) ?? []);
    compiled.set(ranges, list);
  }
  const address = parseIpRange(ip);
  return address !== null && list.some((range) => isWithin(address, range));
}

function isWithin(inner: IpRange, outer: IpRange): boolean {
  return inner.version === outer.version && inner.first >= outer.first && inner.last <= outer.last;
}

function toRange(version: 4 | 6, address: bigint, prefix: number): IpRange | null {
  const width = version === 4 ? 32 : 128;
  if (prefix > width) return null;
  const size = 1n << BigInt(width - prefix);
  const first = (address / size) * size;
  return { version, first, last: first + size - 1n };
}

function parseV4(text: string): bigint | null {
  const parts = V4.exec(text)?.slice(1);
  if (parts === undefined || parts.some((part) => Number(part) > 255 || (part.length > 1 && part.startsWith('0')))) {
    return null;
  }
  return parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n);
}

function parseV6(text: string): bigint | null {
  const halves = text.split('::');
  if (halves.length > 2 || !text.includes(':')) return null;
  const [head, tail] = halves.map(toGroups);
  if (head == null || tail === null) return null;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const groups = tail === undefined ? head : [...head, ...Array<bigint>(missing).fill(0n), ...tail];
  return groups.reduce((sum, group) => (sum << 16n) + group, 0n);
}

/** Null: not all of it are groups. The last may be an IPv4 address, which is two. */
function toGroups(text: string): bigint[] | null {
  if (text === '') return [];
  const groups: bigint[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    const v4 = index === parts.length - 1 ? parseV4(part) : null;
    if (v4 !== null) groups.push(v4 >> 16n, v4 & 0xffffn);
    else if (GROUP.test(part)) groups.push(BigInt(`0x${part}`));
    else return null;
  }
  return groups;
}
