import { GatewayError } from '../../core/gateway-error.ts';
import type { KeySettings } from './key-management.ts';

const STRICT = /^[A-Za-z0-9][A-Za-z0-9_\-/.@]{0,253}[A-Za-z0-9]$/;

/** An alias stands in paths (`/key/ALIAS/regenerate`), which it must not climb out of. Throws bad_request. */
export function assertAlias(alias: string | null, { strictAliases }: Pick<KeySettings, 'strictAliases'>): void {
  if (alias === null) return;
  if (alias.split(/[/\\]/).includes('..')) throw refuse('Invalid key_alias: it must have no .. between slashes.');
  if (strictAliases && !STRICT.test(alias)) {
    throw refuse(
      'Invalid key_alias format. An alias has 2 to 255 characters, begins and ends with a letter or a digit, and holds ' +
        'nothing but letters, digits and _ - / . @',
    );
  }
}

function refuse(message: string): GatewayError {
  return new GatewayError('bad_request', message, { param: 'key_alias' });
}
