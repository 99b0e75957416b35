/** `latchkey plan` and `latchkey apply`: keys, users, teams and budgets of a running gateway, as a file says. */
import type { Command } from 'commander';
import { CliError, type CliIo } from '../cli-io.ts';
import { addClientOptions, type ClientOptions } from '../command-options.ts';
import { createGatewayClient, type GatewayClient } from '../gateway-client.ts';
import { type CarriedOut, carryOut } from './carry-out.ts';
import { computePlan, type Step } from './compute-plan.ts';
import { readWanted } from './read-wanted.ts';
import { countSteps, showStep, showSteps, toStepJson } from './show-steps.ts';

interface FileOptions extends ClientOptions {
  file: string;
  prune?: boolean;
  secretsOut?: string;
}

/** `plan` found something to do. */
const CHANGES = 2;
const NOTHING = 'The gateway is as the file says.';

export function addApplyCommands(program: Command, io: CliIo, setExitCode: (code: number) => void): void {
  addFileOptions(program.command('plan').description('what `apply` would change; exit code 2 when there is something'))
    .addHelpText('after', '\nExit code 0: nothing to change; 2: there are changes; 1: it could not be found out.')
    .action(async (options: FileOptions) => {
      const steps = await plan(io, createGatewayClient(io, options), options);
      if (steps.length > 0) setExitCode(CHANGES);
      if (options.json) return io.print(JSON.stringify({ changes: steps.map(toStepJson) }));
      io.print(steps.length === 0 ? NOTHING : `${showSteps(steps)}\n\n${countSteps(steps)}.`);
    });

  addFileOptions(program.command('apply').description('make keys, users, teams and budgets as a file says'))
    .option('--secrets-out <file>', 'a new file, readable by its owner only, for the secrets of new keys')
    .action(async (options: FileOptions) => {
      const client = createGatewayClient(io, options);
      const steps = await plan(io, client, options);
      const secrets = openSecrets(io, steps, options);
      const result = await carryOut(client, steps, secrets.note);
      secrets.close();
      if (result.failed !== null) setExitCode(1);
      if (options.json) io.print(JSON.stringify({ ...toJson(result), secrets: secrets.shown }));
      else tell(io, result, secrets.shown);
    });
}

function addFileOptions(command: Command): Command {
  return addClientOptions(command)
    .requiredOption('-f, --file <file>', 'YAML with the sections budgets, users, teams and keys')
    .option('--prune', 'also delete what is in a section of the gateway and not of the file');
}

async function plan(io: CliIo, client: GatewayClient, { file, prune = false }: FileOptions): Promise<Step[]> {
  const present = {
    find: (kind: Step['kind'], name: string) => kind.find(client, name),
    list: (kind: Step['kind']) => kind.list(client),
  };
  return computePlan(readWanted(readText(io, file), file), present, prune);
}

function readText(io: CliIo, file: string): string {
  try {
    return io.readFile(file);
  } catch (cause) {
    throw new CliError(`${file} cannot be read.`, 1, { cause });
  }
}

interface Secrets {
  note(alias: string, secret: string): void;
  /** To be shown at the end, where no file was named. */
  shown: { key_alias: string; key: string }[];
  close(): void;
}

/** The file is made before the first key is: there must be a place for a secret that is told only once. */
function openSecrets(io: CliIo, steps: readonly Step[], { secretsOut }: FileOptions): Secrets {
  const shown: Secrets['shown'] = [];
  const makesKeys = steps.some(({ act, kind }) => act === 'create' && kind.section === 'keys');
  const file = secretsOut === undefined || !makesKeys ? null : io.createFile(secretsOut);
  return {
    shown,
    note(alias, secret) {
      if (file === null) shown.push({ key_alias: alias, key: secret });
      else file.write(`${JSON.stringify({ key_alias: alias, key: secret })}\n`);
    },
    close: () => file?.close(),
  };
}

function toJson({ done, failed, left }: CarriedOut) {
  return {
    done: done.map(toStepJson),
    failed: failed === null ? null : { ...toStepJson(failed.step), why: failed.why },
    not_done: left.map(toStepJson),
  };
}

function tell(io: CliIo, { done, failed, left }: CarriedOut, secrets: Secrets['shown']): void {
  if (done.length === 0 && failed === null) io.print(NOTHING);
  if (done.length > 0) io.print(`${showSteps(done)}\n\nDone: ${done.length}.`);
  for (const { key_alias: alias, key } of secrets) io.print(`${alias}: ${key}`);
  if (secrets.length > 0) io.complain('These secrets are not stored and will not be shown again.');
  if (failed === null) return;
  io.complain(`Not done: ${showStep(failed.step)}. ${failed.why}`);
  if (left.length > 0) io.complain(`Not tried after that:\n${left.map((step) => `  ${showStep(step)}`).join('\n')}`);
}
