/** POST /key/block and POST /key/unblock. */
import { z } from 'zod';

export const KeyBlockBody = z.looseObject({ key: z.string().min(1).describe('Secret, hash, key_id or alias.') });
