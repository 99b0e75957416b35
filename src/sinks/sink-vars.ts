import { SEALED } from '../core/callback-secrets.ts';
import { SinkSetupError } from './sink.ts';

/**
 * The settings of one destination. A destination's own variables come first; what they do not say, the environment does,
 * under the customary names.
 *
 * A sink must not let a credential of the environment go where a destination's own variable says: whoever may write a
 * key's destinations would get it sent to himself. Where the address is its own, so have the credentials to be.
 */
export interface SinkVars {
  /** The destination's own variable, `os.environ/NAME` resolved; undefined: it has none. */
  own(name: string): string | undefined;
  /** A variable of the environment. */
  environment(name: string): string | undefined;
  /** The destination's own variable, else the environment's. For what is neither an address nor a credential. */
  either(name: string, environmentName: string): string | undefined;
}

const REFERENCE = 'os.environ/';

/** What a sealed credential says; null: it was sealed with another salt key, or as another variable. */
export type OpenSecret = (sealed: string, name: string) => string | null;

/** @throws SinkSetupError on first use of a reference to a variable that is not set */
export function createSinkVars(
  own: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>>,
  openSecret: OpenSecret = () => null,
): SinkVars {
  const fromEnvironment = (name: string) => (Object.hasOwn(environment, name) ? environment[name] : undefined);
  const vars: SinkVars = {
    own(name) {
      const value = Object.hasOwn(own, name) ? own[name] : undefined;
      if (value === undefined || value === '') return undefined;
      if (value.startsWith(SEALED)) {
        const opened = openSecret(value, name);
        if (opened !== null) return opened;
        throw new SinkSetupError(`${name} was sealed under another salt key and has to be set again`);
      }
      if (!value.startsWith(REFERENCE)) return value;
      const variable = value.slice(REFERENCE.length);
      const resolved = fromEnvironment(variable);
      if (resolved === undefined || resolved === '') {
        throw new SinkSetupError(`${name} refers to ${variable}, which is not set in the environment`);
      }
      return resolved;
    },
    environment: fromEnvironment,
    either: (name, environmentName) => vars.own(name) ?? fromEnvironment(environmentName),
  };
  return vars;
}

/** A whole number of at least 1. @throws SinkSetupError */
export function wholeNumberOf(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw new SinkSetupError(`${name} has to be a whole number of at least 1`);
}

/** A number of seconds above 0, in milliseconds. @throws SinkSetupError */
export function secondsOf(name: string, text: string | undefined, otherwiseMs: number): number {
  if (text === undefined) return otherwiseMs;
  const ms = Math.round(Number(text) * 1000);
  if (ms >= 1 && ms <= 86_400_000) return ms;
  throw new SinkSetupError(`${name} has to be a number of seconds above 0, at most a day`);
}

/** An http:// or https:// address, as it is. @throws SinkSetupError */
export function httpUrlOf(name: string, text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new SinkSetupError(`${name} has to be an http:// or https:// address`);
}

/** `true` and `false`, as they are written in environments. @throws SinkSetupError */
export function flagOf(name: string, text: string | undefined, otherwise: boolean): boolean {
  if (text === undefined) return otherwise;
  const word = text.trim().toLowerCase();
  if (['true', '1', 'yes', 'on'].includes(word)) return true;
  if (['false', '0', 'no', 'off'].includes(word)) return false;
  throw new SinkSetupError(`${name} has to be true or false`);
}
