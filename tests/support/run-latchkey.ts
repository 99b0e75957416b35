// A command of the built product, as an operator types it.

import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export interface CommandResult {
  code: number;
  out: string;
  err: string;
}

/** Exit code, standard output and standard error, in an environment with nothing that a gateway reads but `env`. */
export function runLatchkey(args: string[], env: Record<string, string> = {}, cwd = tmpdir()): Promise<CommandResult> {
  return new Promise((resolve) => {
    const options = { cwd, env: { PATH: process.env.PATH ?? '', ...env }, maxBuffer: 64 * 1024 * 1024 };
    execFile(process.execPath, [MAIN, ...args], options, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}
