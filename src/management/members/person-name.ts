import { GatewayError } from '../../core/gateway-error.ts';
import { assertText } from '../owners/assert-text.ts';

/** How a request names somebody: by id, by e-mail address, or by both. */
export interface PersonName {
  userId: string | null;
  email: string | null;
}

const ADDRESS = /^[^\s@]+@[^\s@]+$/;

/** The name in the form that is stored. Throws bad_request for none at all, and for what is no e-mail address. */
export function acceptPersonName({ userId, email }: PersonName): PersonName {
  const id = userId?.trim() ?? '';
  const address = email?.trim().toLowerCase() ?? '';
  if (id === '' && address === '') {
    throw new GatewayError('bad_request', 'Either user_id or user_email needs to be passed in', { param: 'user_id' });
  }
  assertText(id, 'user_id');
  assertText(address, 'user_email');
  if (address !== '' && !ADDRESS.test(address)) {
    throw new GatewayError('bad_request', 'user_email is no e-mail address.', { param: 'user_email' });
  }
  return { userId: id === '' ? null : id, email: address === '' ? null : address };
}

/** What to call somebody in a message. */
export function labelPerson({ userId, email }: PersonName): string {
  return `user_id=${userId ?? 'None'}, user_email=${email ?? 'None'}`;
}
