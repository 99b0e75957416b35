/**
 * The master key opens everything, so a guessable one must not face a network. On loopback it is convenient and
 * tolerated, with a warning.
 */
import { BlockList, isIP } from 'node:net';

const MIN_LENGTH = 20;
const WELL_KNOWN = 'sk-1234';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Why a master key is refused on `host`, or accepted with a warning; null when it is strong. Never quotes the key. */
export function judgeMasterKey(key: string, host: string): { refused: boolean; message: string } | null {
  if (!key.startsWith('sk-')) return { refused: true, message: 'a master key begins with sk-' };
  if (key.length >= MIN_LENGTH && key !== WELL_KNOWN) return null;
  const what = `the master key is ${key === WELL_KNOWN ? 'the one of every tutorial' : 'short'}`;
  const advice = `use one of at least ${MIN_LENGTH} random characters, such as sk-$(openssl rand -hex 24)`;
  return isLoopback(host)
    ? { refused: false, message: `${what} and only accepted because ${host} is this machine itself; ${advice}` }
    : { refused: true, message: `${what} and not accepted on ${host}; ${advice}` };
}

/** True for names and addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  if (name === 'localhost') return true;
  const version = isIP(name);
  return version !== 0 && loopback.check(name, version === 4 ? 'ipv4' : 'ipv6');
}
