/** The administrator's way into the dashboard, by name and password, without being a user. */
import { createHmac } from 'node:crypto';
import { sha256Hex } from '../core/key-secret.ts';
import { allSalts, type SaltKeys } from '../core/salt-keys.ts';
import { createMasterKeyCheck, type MasterKeyCheck } from './master-key.ts';

export interface AdminLogin {
  /** By which it signs in. No user can sign in by the same name. */
  username: string;
  /** What the password's sessions are tied to; null: it is not the password. */
  credentialOf(password: string): string | null;
  /** Is the password that a session was opened with still the one? */
  isInForce(credentialHash: string): boolean;
}

/**
 * `password`: `UI_PASSWORD`; null: the master key is the password. What sessions are tied to is hashed with the
 * installation's salt, because a password that somebody chose could be guessed from its plain hash. What was tied with an
 * earlier salt holds on.
 */
export function createAdminLogin(options: {
  username: string;
  password: string | null;
  masterKeys: Pick<MasterKeyCheck, 'isMasterKeyHash' | 'hashes'>;
  salts: SaltKeys;
}): AdminLogin {
  const { username, password, masterKeys, salts } = options;
  const inForce = password === null ? masterKeys : createMasterKeyCheck([sha256Hex(password)]);
  const tie = (hash: string, salt = salts.current) =>
    createHmac('sha256', salt).update(`session credential\0${hash}`).digest('hex');
  return {
    username,
    credentialOf(presented) {
      const hash = sha256Hex(presented);
      return inForce.isMasterKeyHash(hash) ? tie(hash) : null;
    },
    isInForce: (credentialHash) =>
      inForce.hashes().some((hash) => allSalts(salts).some((salt) => tie(hash, salt) === credentialHash)),
  };
}
