/** What is wrong with a configuration, and where. Messages name settings, never values: a value may be a secret. */

/** A spot in a configuration file; line and column count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A setting and where it is written; `at` is null for a flag or an environment variable. */
export interface ConfigPlace {
  /** `general_settings.master_key`, `LATCHKEY_PORT`, `--port`; empty for a whole file. */
  readonly path: string;
  readonly at: Position | null;
}

export interface ConfigProblem extends ConfigPlace {
  readonly message: string;
}

/** Collects problems so that all of them can be reported at once. */
export type Report = (problem: ConfigProblem) => void;

/** Thrown by `loadConfig`: every problem, in the order of the files and their lines. The message lists them all. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.problems = problems;
  }
}

/** `config.yaml:4:14 model_list.0.litellm_params.model: expected a string`. */
function formatProblem(problem: ConfigProblem): string {
  return `${formatPlace(problem)}: ${problem.message}`;
}

/** `config.yaml:4:14 model_list.0.litellm_params.model`, or the name alone where there is no file. */
export function formatPlace(place: ConfigPlace): string {
  return [place.at === null ? '' : `${place.at.file}:${place.at.line}:${place.at.column}`, place.path]
    .filter((part) => part !== '')
    .join(' ');
}

/** Flags and variables first, then files in the order in which they were read, then lines and columns. */
export function sortPlaces<T extends ConfigPlace>(places: readonly T[], files: readonly string[]): T[] {
  const rank = ({ at }: ConfigPlace): [number, number, number] =>
    at === null ? [-1, 0, 0] : [files.indexOf(at.file), at.line, at.column];
  return [...places].sort((a, b) => {
    const left = rank(a);
    const right = rank(b);
    return left[0] - right[0] || left[1] - right[1] || left[2] - right[2];
  });
}
