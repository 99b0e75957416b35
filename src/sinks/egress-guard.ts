/**
 * Which addresses a destination may have that somebody else than the operator has named. Whoever writes a key's
 * destinations must not reach what only this machine can: its own services, the private network, the cloud's metadata.
 * Decided on the address that the socket is then opened to, so that a name cannot mean one thing when it is asked for and
 * another when it is used; what a URL calls its host is never enough.
 */
import { type LookupAddress, type LookupOptions, lookup as resolveName } from 'node:dns';
import { isIP } from 'node:net';
import { isIpInRanges } from '../core/ip-range.ts';
import { SinkError } from './sink.ts';

/** Everything that is not an address of the public Internet (IANA's special-purpose registries). */
const SPECIAL: readonly string[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // Ways to write or to reach an IPv4 address by an IPv6 one (translation, 6to4, Teredo), which would hide it.
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
];
/** Beyond those, all of IPv4 is public, and of IPv6 what is handed out. ::ffff:8.8.8.8 counts as IPv4. */
const PUBLIC: readonly string[] = ['0.0.0.0/0', '2000::/3'];

/** What the operator allows beside the public Internet. */
export interface EgressRules {
  /** Names, as URLs write them, or addresses and ranges. */
  allowed: readonly string[];
}

/** True for an address of the public Internet, and for those that the operator allows. */
export function isReachable(address: string, { allowed }: EgressRules): boolean {
  if (isIpInRanges(allowed, address)) return true;
  return isIpInRanges(PUBLIC, address) && !isIpInRanges(SPECIAL, address);
}

/** @throws SinkError (later) for a URL whose host is an address that may not be reached. Names are decided on look-up. */
export function assertReachableHost(url: string, rules: EgressRules): void {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !isReachable(host, rules)) throw refusal(host);
}

type LookupDone = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;
type Resolve = (
  hostname: string,
  options: LookupOptions & { all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** In the place of `dns.lookup` for sockets. A name with one address that may not be reached is refused as a whole. */
export function createGuardedLookup(rules: EgressRules, resolve: Resolve = resolveName) {
  return (hostname: string, options: LookupOptions, done: LookupDone): void => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return done(error, []);
      const isNamed = rules.allowed.includes(hostname.toLowerCase());
      const refused = isNamed ? undefined : addresses.find(({ address }) => !isReachable(address, rules));
      if (refused !== undefined) return done(refusal(hostname), []);
      if (options.all === true) return done(null, addresses);
      const [first] = addresses;
      if (first === undefined) return done(Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), []);
      done(null, first.address, first.family);
    });
  };
}

/** Says nothing of the address that a name stands for: it may be one of the operator's own. */
function refusal(host: string): SinkError {
  return new SinkError(
    'later',
    `${host} is no address of the public Internet; the operator can allow it in log_destination_allowed_hosts`,
  );
}
