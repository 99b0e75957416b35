/** `latchkey doctor`: does everything that must always hold, hold? Looks and tells; changes nothing. */
import type { Command } from 'commander';
import { ENVIRONMENT_NAMES } from '../config/env.ts';
import { CliError, type CliIo, type Installation } from './cli-io.ts';
import { addConfigOptions, type ClientOptions, type ConfigOptions, toOverrides } from './command-options.ts';
import { formatTable } from './format-table.ts';
import { showNanoUsd } from './format-value.ts';
import { createGatewayClient, type GatewayClient, GatewayUnreachable, isRecord } from './gateway-client.ts';

type Books = Awaited<ReturnType<Installation['checkInstallation']>>;

interface Check {
  name: string;
  ok: boolean;
  /** The finding in a sentence, with numbers. */
  detail: string;
}

export function addDoctorCommand(program: Command, io: CliIo, setExitCode: (code: number) => void): void {
  addConfigOptions(program.command('doctor').description('check the books, and a running gateway where there is one'))
    .option('--url <url>', 'where the gateway is (LATCHKEY_URL; default http://127.0.0.1:4000)')
    .option('--api-key <key>', "key to ask it with (LATCHKEY_API_KEY; default the configuration's master key)")
    .action(async (options: ConfigOptions & ClientOptions) => {
      const config = io.loadConfig(toOverrides(options));
      const installation = await io.loadInstallation();
      const database = installation.databaseUrlOf(config);
      if (config.databaseUrl === null && !io.fileExists(database)) {
        // Opening it would make it.
        throw new CliError(`There is no database at ${database} yet, so there is nothing to check.`);
      }
      const books = await installation.checkInstallation(config);
      const apiKey = options.apiKey ?? io.environment.settings.apiKey ?? config.masterKey ?? undefined;
      const client = createGatewayClient(io, { ...options, apiKey });
      const gateway = await checkGateway(client);
      const checks = [toCheck(books), gateway.check];
      if (gateway.runs) {
        const leaked = await installation.countLeakedHolds(config);
        checks.push(await checkHolds(io, client, { hasKey: apiKey !== undefined, leaked }));
      }
      const faults = checks.filter((check) => !check.ok).length;
      if (faults > 0) setExitCode(1);
      if (options.json) return io.print(JSON.stringify({ ok: faults === 0, checks, differences: books.differences }));
      io.print(formatTable(CHECK_COLUMNS, checks));
      if (books.differences.length > 0) io.print(`\n${formatTable(DIFFERENCE_COLUMNS, books.differences)}`);
      if (faults > 0) io.complain(`${faults} of ${checks.length} checks found a fault.`);
    });
}

const CHECK_COLUMNS = [
  { title: 'CHECK', value: (check: Check) => check.name },
  { title: 'RESULT', value: (check: Check) => (check.ok ? 'ok' : 'FAULT') },
  { title: 'FINDING', value: (check: Check) => check.detail },
];

type Difference = Books['differences'][number];
const DIFFERENCE_COLUMNS = [
  { title: 'DIFFERS', value: (one: Difference) => one.kind },
  { title: 'OF', value: (one: Difference) => one.of },
  { title: 'CALLS SAY', value: (one: Difference) => showSum(one, one.expected), align: 'right' as const },
  { title: 'BOOKED', value: (one: Difference) => showSum(one, one.actual), align: 'right' as const },
];

function showSum({ kind }: Difference, sum: number): string {
  return kind === 'daily_calls' || kind === 'daily_tokens' ? String(sum) : showNanoUsd(sum);
}

function toCheck({ calls, spendNanoUsd, differing }: Books): Check {
  const size = `${calls} ${calls === 1 ? 'call' : 'calls'}, ${showNanoUsd(spendNanoUsd)}`;
  const ok = differing === 0;
  return {
    name: 'books',
    ok,
    detail: ok
      ? `every balance and day is the sum of its calls (${size})`
      : `${differing} sums differ from their calls (${size})`,
  };
}

/** A gateway that is not running is no fault; one that runs and cannot serve is. */
async function checkGateway(client: GatewayClient): Promise<{ check: Check; runs: boolean }> {
  const say = (ok: boolean, detail: string, runs: boolean) => ({ check: { name: 'gateway', ok, detail }, runs });
  try {
    const status = await client.probe('/health/readiness');
    if (status === 200) return say(true, `${client.url} is ready`, true);
    const what =
      status === 503 ? 'runs, but its database does not answer' : `answers with ${status}: is it a Latchkey gateway?`;
    return say(false, `${client.url} ${what}`, false);
  } catch (error) {
    if (!(error instanceof GatewayUnreachable)) throw error;
    return say(true, `none runs at ${client.url}`, false);
  }
}

/** Long enough for a call that was just beginning or ending to have done so. */
const SECOND_LOOK_AFTER_MS = 500;

/**
 * What a call holds of its key's limits has to end with the call. A hold more for a moment is no fault: looks twice. Where
 * several processes count together the holds are those of all of them, and each is a lease that its process renews: what
 * is at fault then is a hold whose lease has ended. `leaked`: how many of these there are; null: nobody can tell.
 */
async function checkHolds(
  io: CliIo,
  client: GatewayClient,
  { hasKey, leaked }: { hasKey: boolean; leaked: number | null },
): Promise<Check> {
  const name = 'holds';
  if (leaked !== null && leaked > 0) {
    const what = leaked === 1 ? 'hold has' : 'holds have';
    return {
      name,
      ok: false,
      detail: `${leaked} ${what} outlived the lease by more than a minute, and nobody frees them`,
    };
  }
  if (!hasKey) return { name, ok: true, detail: `not looked at: give a master key in ${ENVIRONMENT_NAMES.apiKey}` };
  try {
    let seen = await readHolds(client);
    if (seen.holds > seen.calls && seen.processes === 1) {
      await io.pause(SECOND_LOOK_AFTER_MS);
      seen = await readHolds(client);
    }
    const { holds, calls, backlog, position } = seen;
    const inside = `calls in flight ${calls}, holds ${holds}, bills to be shipped ${backlog}, change feed at ${position}`;
    if (seen.processes > 1) {
      const all = `those of ${seen.processes} live processes, ${inside}`;
      const detail =
        leaked === null ? `leases that their processes renew: ${all}` : `no hold outlives its lease: ${all}`;
      return { name, ok: true, detail };
    }
    const ok = holds <= calls;
    return { name, ok, detail: ok ? `no hold outlives its call (${inside})` : `more holds than calls (${inside})` };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { name, ok: true, detail: `not looked at: ${error.message}` };
  }
}

async function readHolds(client: GatewayClient) {
  const answer = await client.get('/health/readiness/details');
  const number = (name: string): number => {
    const value = isRecord(answer) ? answer[name] : undefined;
    if (typeof value === 'number') return value;
    throw new CliError(`${client.url} does not say how many ${name.replaceAll('_', ' ')} there are`);
  };
  return {
    calls: number('calls_in_flight'),
    holds: number('open_holds'),
    backlog: number('journal_backlog'),
    position: number('change_feed_position'),
    processes: number('live_processes'),
  };
}
