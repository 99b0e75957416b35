/** `general_settings.allowed_ips`: the addresses that may call at all. */
import { BlockList, isIP } from 'node:net';

const V4_IN_V6 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/**
 * Entries are addresses or CIDR ranges (`10.0.0.0/8`), IPv4 or IPv6; an entry that is neither throws a RangeError.
 * An IPv4 address that arrives wrapped in IPv6 counts as IPv4.
 */
export function createIpAllowList(entries: readonly string[]): (ip: string) => boolean {
  const allowed = new BlockList();
  for (const entry of entries) {
    // A slash without a number would stand for /0, which is everybody.
    const [, address = '', prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(entry.trim()) ?? [];
    const family = familyOf(address);
    if (family === undefined) throw new RangeError(`not an IP address or range: ${entry}`);
    const bits = prefix === undefined ? undefined : Number(prefix);
    if (bits === undefined) allowed.addAddress(address, family);
    else allowed.addSubnet(address, bits, family);
  }
  return (ip) => {
    const address = V4_IN_V6.exec(ip)?.[1] ?? ip;
    const family = familyOf(address);
    return family !== undefined && allowed.check(address, family);
  };
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address);
  return version === 4 ? 'ipv4' : version === 6 ? 'ipv6' : undefined;
}
