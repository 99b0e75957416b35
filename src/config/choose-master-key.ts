/** Which of the master keys that are given counts, and whether it is good enough for where the gateway listens. */
import type { ConfigWarning } from './config.ts';
import type { ConfigPlace, Report } from './config-problem.ts';
import { ENVIRONMENT_NAMES, type Environment } from './env.ts';
import { judgeMasterKey } from './master-key-strength.ts';

export interface MasterKeyChoice {
  masterKey: string | null;
  warnings: ConfigWarning[];
}

/** `LATCHKEY_MASTER_KEY`, then the file, then `LITELLM_MASTER_KEY` (as with LiteLLM). A weak one off loopback is reported. */
export function chooseMasterKey(
  settings: Environment['settings'],
  inFile: { key: string | null; place: ConfigPlace },
  host: string,
  report: Report,
): MasterKeyChoice {
  const variable = (name: string): ConfigPlace => ({ path: name, at: null });
  const candidates = [
    { key: settings.masterKey, place: variable(ENVIRONMENT_NAMES.masterKey) },
    inFile,
    { key: settings.sharedMasterKey, place: variable(ENVIRONMENT_NAMES.sharedMasterKey) },
  ].filter((candidate): candidate is { key: string; place: ConfigPlace } => candidate.key !== null);

  const [chosen, ...others] = candidates;
  if (chosen === undefined) return { masterKey: null, warnings: [] };
  const warnings: ConfigWarning[] = [];
  const other = others.find((candidate) => candidate.key !== chosen.key);
  if (other !== undefined) {
    warnings.push({
      code: 'master_key_given_twice',
      message: `Two different master keys are given, in ${chosen.place.path} and ${other.place.path}; the first of these counts.`,
      places: [chosen.place, other.place],
    });
  }
  const judgement = judgeMasterKey(chosen.key, host);
  if (judgement?.refused) report({ ...chosen.place, message: judgement.message });
  else if (judgement !== null) {
    const message = `${judgement.message.charAt(0).toUpperCase()}${judgement.message.slice(1)}.`;
    warnings.push({ code: 'weak_master_key', message, places: [chosen.place] });
  }
  return { masterKey: chosen.key, warnings };
}
