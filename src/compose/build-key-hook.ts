import type { Logger } from 'pino';
import { loadHook } from '../config/load-hook.ts';
import type { KeyGenerateHook } from '../management/keys/key-generate-hook.ts';

/** The operator's hook, if there is one. Why it failed is in the log: whoever asked for the key is told only that it did. */
export async function buildKeyHook(
  setting: string | null,
  logger: Pick<Logger, 'error'>,
): Promise<KeyGenerateHook | null> {
  if (setting === null) return null;
  const hook = (await loadHook(setting, 'custom_key_generate')) as KeyGenerateHook;
  return async (request) => {
    try {
      return await hook(request);
    } catch (error) {
      logger.error({ err: error }, 'the custom_key_generate hook failed, so no key was made');
      throw error;
    }
  };
}
