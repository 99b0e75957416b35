import { execFile } from 'node:child_process';

/** What to log in with, asked for with every new connection. */
export type PasswordSource = () => Promise<string>;

/** Longer than any secret store takes, shorter than whoever waits for a connection would wait anyway. */
const TIME_LIMIT_MS = 10_000;
/** A pool that opens several connections at once asks once. */
const REUSE_MS = 1_000;
const MAX_OUTPUT_BYTES = 64 * 1024;

/**
 * The password is what a command prints, without the line's end. `/bin/sh` runs it, in the process's environment. What it
 * prints goes nowhere else, neither into the log nor into an error. Rejects, as a database does that cannot be reached,
 * when the command fails, prints nothing, or takes longer than ten seconds.
 */
export function createPasswordCommand(command: string, nowMs: () => number = Date.now): PasswordSource {
  let last: { password: Promise<string>; untilMs: number } | null = null;
  return () => {
    if (last !== null && nowMs() < last.untilMs) return last.password;
    const password = run(command);
    const asked = { password, untilMs: Number.POSITIVE_INFINITY };
    last = asked;
    password.then(
      () => {
        asked.untilMs = nowMs() + REUSE_MS;
      },
      () => {
        asked.untilMs = 0;
      },
    );
    return password;
  };
}

function run(command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const limits = { timeout: TIME_LIMIT_MS, maxBuffer: MAX_OUTPUT_BYTES, killSignal: 'SIGKILL' } as const;
    const child = execFile('/bin/sh', ['-c', command], limits, (error, output) => {
      const password = output.replace(/\r?\n$/, '');
      if (error === null && password !== '') resolve(password);
      else reject(new PasswordCommandFailed(error));
    });
    child.stdin?.end();
  });
}

/** Says how the command ended and nothing of what it said: Node's own error would repeat all of that. */
export class PasswordCommandFailed extends Error {
  override readonly name = 'PasswordCommandFailed';

  constructor(error: (Error & { code?: unknown; killed?: boolean }) | null) {
    const how =
      error === null
        ? 'printed nothing'
        : error.killed === true
          ? `took longer than ${TIME_LIMIT_MS / 1_000} seconds or printed too much`
          : `ended with ${String(error.code)}`;
    super(`general_settings.database_password_command ${how}.`);
  }
}
