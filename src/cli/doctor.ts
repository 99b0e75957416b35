/** `latchkey doctor`: does everything that must always hold, hold? Looks and tells; changes nothing. */
import type { Command } from 'commander';
import { CliError, type CliIo, type Installation } from './cli-io.ts';
import { addConfigOptions, type ClientOptions, type ConfigOptions, toOverrides } from './command-options.ts';
import { formatTable } from './format-table.ts';
import { showNanoUsd } from './format-value.ts';
import { createGatewayClient, GatewayUnreachable } from './gateway-client.ts';

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
    .action(async (options: ConfigOptions & ClientOptions) => {
      const config = io.loadConfig(toOverrides(options));
      const installation = await io.loadInstallation();
      const database = installation.databaseUrlOf(config);
      if (config.databaseUrl === null && !io.fileExists(database)) {
        // Opening it would make it.
        throw new CliError(`There is no database at ${database} yet, so there is nothing to check.`);
      }
      const books = await installation.checkInstallation(config);
      const checks = [toCheck(books), await checkGateway(io, options)];
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
  { title: 'CALLS SAY', value: (one: Difference) => showNanoUsd(one.expectedNanoUsd), align: 'right' as const },
  { title: 'BOOKED', value: (one: Difference) => showNanoUsd(one.actualNanoUsd), align: 'right' as const },
];

function toCheck({ calls, spendNanoUsd, differing }: Books): Check {
  const size = `${calls} ${calls === 1 ? 'call' : 'calls'}, ${showNanoUsd(spendNanoUsd)}`;
  const ok = differing === 0;
  return {
    name: 'books',
    ok,
    detail: ok
      ? `every balance is the sum of its calls (${size})`
      : `${differing} sums differ from their calls (${size})`,
  };
}

/** A gateway that is not running is no fault; one that runs and cannot serve is. */
async function checkGateway(io: CliIo, options: ClientOptions): Promise<Check> {
  const client = createGatewayClient(io, options);
  const name = 'gateway';
  try {
    const status = await client.probe('/health/readiness');
    if (status === 200) return { name, ok: true, detail: `${client.url} is ready` };
    const what =
      status === 503 ? 'runs, but its database does not answer' : `answers with ${status}: is it a Latchkey gateway?`;
    return { name, ok: false, detail: `${client.url} ${what}` };
  } catch (error) {
    if (!(error instanceof GatewayUnreachable)) throw error;
    return { name, ok: true, detail: `none runs at ${client.url}` };
  }
}
