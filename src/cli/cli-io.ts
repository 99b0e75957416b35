/** What the commands ask of the world, so that a test can be the world. */
import { closeSync, createReadStream, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Config } from '../config/config.ts';
import { type Environment, readEnvironment } from '../config/env.ts';
import { loadConfig } from '../config/load-config.ts';
import type { ConfigOverrides } from '../config/outside-settings.ts';
import type { ConfigSource } from './follow-config.ts';

/** What the commands that work on the installation itself, not on a running gateway, need of `compose`. */
export type Installation = typeof import('../compose/audit-installation.ts') &
  typeof import('../compose/database-url.ts') &
  typeof import('../compose/export-installation.ts') &
  typeof import('../compose/installation.ts') &
  typeof import('../compose/migrate-database.ts') &
  typeof import('../compose/salt-key.ts') &
  typeof import('../compose/take-over.ts');

export interface NewFile {
  /** On disk, as far as the operating system is asked, when this returns. */
  write(text: string): void;
  close(): void;
}

export interface CliIo {
  environment: Environment;
  /** What the command line adds to the environment and the file. Throws a ConfigError. Told of every file it asks for. */
  loadConfig(overrides: ConfigOverrides, onRead?: (path: string) => void): Config;
  fileExists(path: string): boolean;
  readFile(path: string): string;
  /** However long the file is. */
  readLines(path: string): AsyncIterable<string>;
  /** A new file that only its owner may read. Throws where there is one of that name. */
  createFile(path: string): NewFile;
  fetch: typeof fetch;
  /** One or more lines for whoever reads the result. */
  print(text: string): void;
  /** The same text as it is, for results of any size. Resolves when there is room for more. */
  write(text: string): Promise<void>;
  /** Lines for whoever runs the command: warnings, errors, hints. */
  complain(text: string): void;
  nowMs(): number;
  /** Resolves after that long. */
  pause(ms: number): Promise<void>;
  /** Loaded when needed: most commands only talk to a running gateway. */
  loadInstallation(): Promise<Installation>;
  /** Serves until the process is told to stop. `source`: how `config` was read, to read it again. */
  serve(config: Config, source: ConfigSource): Promise<void>;
}

/** A failure that the user understands in one sentence. Exit code 1; 2: the command was used wrongly. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2 = 1, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** The world of the real process. */
export function createProcessIo(): CliIo {
  const environment = readEnvironment();
  // `latchkey keys list | head` closes the pipe early, which is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return {
    environment,
    loadConfig: (overrides, onRead) =>
      loadConfig({
        environment,
        overrides,
        readFile: (path) => {
          onRead?.(path);
          return readFileSync(path, 'utf8');
        },
      }),
    fileExists: existsSync,
    readFile: (path) => readFileSync(path, 'utf8'),
    readLines,
    createFile,
    fetch,
    print: (text) => void process.stdout.write(`${text}\n`),
    // A pipe that is closed ends the writing as well, without a word.
    write: (text) => new Promise((resolve) => process.stdout.write(text, () => resolve())),
    complain: (text) => void process.stderr.write(`${text}\n`),
    nowMs: Date.now,
    pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    loadInstallation: async () => ({
      ...(await import('../compose/audit-installation.ts')),
      ...(await import('../compose/database-url.ts')),
      ...(await import('../compose/export-installation.ts')),
      ...(await import('../compose/installation.ts')),
      ...(await import('../compose/migrate-database.ts')),
      ...(await import('../compose/salt-key.ts')),
      ...(await import('../compose/take-over.ts')),
    }),
    serve: async (config, source) => (await import('./serve.ts')).serve(config, source),
  };
}

function createFile(path: string): NewFile {
  let file: number;
  try {
    file = openSync(path, 'wx', 0o600);
  } catch (cause) {
    const isThere = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    throw new CliError(isThere ? `${path} is there already; name a new file.` : `${path} cannot be written.`, 1, {
      cause,
    });
  }
  return { write: (text) => void writeSync(file, text), close: () => closeSync(file) };
}

/** A generator, so that reading begins with whoever asks for the first line: lines that come before are lost. */
async function* readLines(path: string): AsyncGenerator<string> {
  yield* createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY });
}
