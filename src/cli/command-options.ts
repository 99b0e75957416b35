/** Options that several commands share, said once. */
import { type Command, InvalidArgumentError } from 'commander';
import type { ConfigOverrides } from '../config/outside-settings.ts';

export interface ClientOptions {
  url?: string;
  apiKey?: string;
  json?: boolean;
}

export interface ConfigOptions {
  config?: string;
  dataDir?: string;
  json?: boolean;
}

/** For commands that talk to a running gateway; `json`: those that print a result. */
export function addClientOptions(command: Command, { json = true } = {}): Command {
  command
    .option('--url <url>', 'where the gateway is (LATCHKEY_URL; default http://127.0.0.1:4000)')
    .option('--api-key <key>', 'key to call it with; better in LATCHKEY_API_KEY, where no process list shows it');
  return json ? command.option('--json', 'print the answer as JSON') : command;
}

/** For commands that read the configuration; `json`: those that print a result. */
export function addConfigOptions(command: Command, { json = true } = {}): Command {
  command
    .option('--config <file>', 'configuration file (LATCHKEY_CONFIG; default config.yaml, where there is one)')
    .option('--data-dir <dir>', 'folder of the embedded database and the journal (LATCHKEY_DATA_DIR; default data)');
  return json ? command.option('--json', 'print the result as JSON') : command;
}

export function toOverrides(
  options: ConfigOptions & {
    host?: string;
    port?: string;
    logLevel?: string;
    workers?: string;
    num_workers?: string;
    rootPath?: string;
  },
): ConfigOverrides {
  const {
    config: configFile,
    host,
    port,
    dataDir,
    logLevel,
    num_workers: sameInLitellm,
    workers = sameInLitellm,
    rootPath,
  } = options;
  return { configFile, host, port, dataDir, logLevel, workers, rootPath };
}

/** A whole number from `least` on. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`A whole number of at least ${least} is wanted.`);
  };
}

/** A number that is not negative. */
export function decimal(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new InvalidArgumentError('A number of at least 0 is wanted.');
}

/** `a,b` → a list; an empty text is an empty list. */
export function list(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** A JSON object. */
export function jsonObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below, in the same words.
  }
  throw new InvalidArgumentError('A JSON object is wanted, as in \'{"team":"blue"}\'.');
}

/** What `none` on the command line means: no value at all. (Commander itself gives null another meaning.) */
export const NONE = Symbol('none');

/** The same reader, with `none` for no value. */
export function orNone<T>(read: (text: string) => T): (text: string) => T | typeof NONE {
  return (text) => (text === 'none' ? NONE : read(text));
}
