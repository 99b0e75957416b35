/** `latchkey config check`: is the configuration right, what has no effect, and which models can be called. */
import type { Command } from 'commander';
import type { Config, ConfigWarning } from '../config/config.ts';
import { ConfigError, type ConfigPlace, formatPlace } from '../config/config-problem.ts';
import type { CliIo } from './cli-io.ts';
import { addConfigOptions, type ConfigOptions, toOverrides } from './command-options.ts';
import { formatTable } from './format-table.ts';
import { showText } from './format-value.ts';

export function addConfigCheckCommand(program: Command, io: CliIo, setExitCode: (code: number) => void): void {
  const config = program.command('config').description('the configuration');
  addConfigOptions(config.command('check').description('check the configuration file and the environment'))
    .option('--host <host>', 'as for serve: a weak master key is only accepted on loopback')
    .action((options: ConfigOptions & { host?: string }) => {
      try {
        const loaded = io.loadConfig(toOverrides(options));
        if (options.json) io.print(JSON.stringify(toReport(loaded)));
        else printReport(io, loaded);
      } catch (error) {
        if (!(error instanceof ConfigError) || !options.json) throw error;
        const errors = error.problems.map((problem) => ({ ...toJsonPlace(problem), message: problem.message }));
        io.print(JSON.stringify({ ok: false, errors }));
        setExitCode(1);
      }
    });
}

function toReport({ file, warnings, deployments }: Config) {
  return {
    ok: true,
    file,
    warnings: warnings.map(({ code, message, places }) => ({ code, message, places: places.map(toJsonPlace) })),
    models: deployments.map(({ id, modelName, provider, upstreamModel, unavailable }) => ({
      model_name: modelName,
      id,
      provider,
      upstream_model: upstreamModel,
      unavailable,
    })),
  };
}

/** One line per warning, with its place where it has only one (others name theirs). */
export function printWarnings(io: CliIo, warnings: readonly ConfigWarning[]): void {
  for (const { code, message, places } of warnings) {
    const [first] = places;
    const where = first === undefined || code === 'unsupported_settings' ? '' : `${formatPlace(first)}: `;
    io.complain(`warning: ${where}${message}`);
  }
}

function printReport(io: CliIo, { file, warnings, deployments }: Config): void {
  printWarnings(io, warnings);
  const callable = deployments.filter(({ unavailable }) => unavailable === null).length;
  io.print(`${file ?? 'The configuration'} is valid: ${callable} of ${deployments.length} models can be called.`);
  if (deployments.length === 0) return;
  const table = formatTable(
    [
      { title: 'MODEL', value: (one) => showText(one.modelName) },
      { title: 'PROVIDER', value: (one) => (one.mockResponse === null ? one.provider : 'mock') },
      { title: 'UPSTREAM MODEL', value: (one) => showText(one.upstreamModel) },
      { title: 'STATE', value: (one) => one.unavailable ?? 'ready' },
    ],
    deployments,
  );
  io.print(`\n${table}`);
}

function toJsonPlace({ path, at }: ConfigPlace) {
  return { path, file: at?.file ?? null, line: at?.line ?? null, column: at?.column ?? null };
}
