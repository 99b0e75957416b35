import { isIP } from 'node:net';
import { z } from 'zod';

/** An IP address, or a range of them in CIDR form (`10.0.0.0/8`). */
export const address = z.unknown().transform((value, context): string => {
  if (typeof value === 'string' && isAddressOrRange(value)) return value;
  context.addIssue({ code: 'custom', message: 'expected an IP address or a range such as 10.0.0.0/8' });
  return z.NEVER;
});

function isAddressOrRange(value: string): boolean {
  const [ip = '', bits, ...rest] = value.split('/');
  const version = isIP(ip);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}
