/** From where calls may come: anybody's, and those of a key. The live check and `explain` ask the same. */
import { GatewayError } from './gateway-error.ts';
import { isIpInRanges } from './ip-range.ts';
import type { KeyRecord } from './key.ts';

/** `allowed_ips` of the key, on every route. An empty list is no restriction. */
export function mayCallFrom({ allowedIps }: Pick<KeyRecord, 'allowedIps'>, ip: string): boolean {
  return allowedIps.length === 0 || isIpInRanges(allowedIps, ip);
}

export function denyAddress(ip: string): GatewayError {
  return new GatewayError('forbidden', `Access forbidden: this key's allowed_ips do not hold the address ${ip}.`, {
    param: 'allowed_ips',
  });
}

/** The refusal of an address that `general_settings.allowed_ips` do not hold. */
export function denyEverybody(): GatewayError {
  return new GatewayError('forbidden', 'Access forbidden: IP address not allowed.');
}
