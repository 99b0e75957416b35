/** `allowed_ips` of a key: from where it may call, on every route. The live check and `explain` ask the same. */
import { GatewayError } from './gateway-error.ts';
import { isIpInRanges } from './ip-range.ts';
import type { KeyRecord } from './key.ts';

/** An empty list is no restriction. */
export function mayCallFrom({ allowedIps }: Pick<KeyRecord, 'allowedIps'>, ip: string): boolean {
  return allowedIps.length === 0 || isIpInRanges(allowedIps, ip);
}

export function denyAddress(ip: string): GatewayError {
  return new GatewayError('forbidden', `Access forbidden: this key's allowed_ips do not hold the address ${ip}.`, {
    param: 'allowed_ips',
  });
}
