/**
 * What is wrong with a request, in the two forms that clients read: one sentence and a field for the error envelope,
 * and the `detail` list that FastAPI sends. Values that may be secret are never repeated.
 */
import type { Issue, RequestInvalid } from './zod-validation.ts';

interface DetailEntry {
  type: string;
  loc: (string | number)[];
  msg: string;
  input?: string | number | boolean;
}

export interface ValidationDetail {
  message: string;
  /** The first field at fault, dotted: `metadata.tags.0`. */
  param: string;
  detail: DetailEntry[];
}

/** How many problems are listed; a hostile body could have thousands. */
const MAX_ISSUES = 20;
const MAX_INPUT_LENGTH = 200;
const SECRET_FIELDS: ReadonlySet<PropertyKey> = new Set([
  'key',
  'keys',
  'new_key',
  'new_master_key',
  'token',
  'api_key',
  'password',
  'current_password',
  'callback_vars',
  'litellm_params',
]);
const PART_NAMES: Readonly<Record<string, string>> = { querystring: 'query', params: 'path', headers: 'header' };

export function describeInvalidRequest(error: RequestInvalid): ValidationDetail {
  const part = PART_NAMES[error.part] ?? error.part;
  const detail = error.issues.slice(0, MAX_ISSUES).map((issue) => toDetailEntry(issue, part, error.input));
  const sentences = detail.map(({ loc, msg }) => `${loc.length > 1 ? loc.slice(1).join('.') : part}: ${msg}`);
  const path = error.issues[0]?.path ?? [];
  return {
    message: sentences.slice(0, 3).join('; '),
    param: path.length === 0 ? part : path.map(String).join('.'),
    detail,
  };
}

function toDetailEntry(issue: Issue, part: string, input: unknown): DetailEntry {
  const value = valueAt(input, issue.path);
  const missing = issue.code === 'invalid_type' && value === undefined;
  const entry: DetailEntry = {
    type: missing ? 'missing' : pydanticType(issue),
    loc: [part, ...issue.path.map((step) => (typeof step === 'number' ? step : String(step)))],
    msg: missing ? 'Field required' : issue.message,
  };
  const shown =
    issue.path.length > 0 && !issue.path.some((step) => SECRET_FIELDS.has(step)) ? scalar(value) : undefined;
  if (shown !== undefined) entry.input = shown;
  return entry;
}

function pydanticType(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPE_ERRORS[issue.expected] ?? 'value_error';
    case 'too_small':
      if (issue.origin === 'string') return 'string_too_short';
      if (issue.origin === 'array') return 'too_short';
      return issue.inclusive === true ? 'greater_than_equal' : 'greater_than';
    case 'too_big':
      if (issue.origin === 'string') return 'string_too_long';
      if (issue.origin === 'array') return 'too_long';
      return issue.inclusive === true ? 'less_than_equal' : 'less_than';
    case 'invalid_value':
      return 'literal_error';
    case 'invalid_format':
      return 'string_pattern_mismatch';
    case 'unrecognized_keys':
      return 'extra_forbidden';
    default:
      return 'value_error';
  }
}

const TYPE_ERRORS: Readonly<Record<string, string>> = {
  string: 'string_type',
  number: 'float_type',
  int: 'int_type',
  boolean: 'bool_type',
  array: 'list_type',
  object: 'dict_type',
  record: 'dict_type',
};

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  return value;
}

function scalar(value: unknown): string | number | boolean | undefined {
  if (typeof value === 'string') return value.length <= MAX_INPUT_LENGTH ? value : undefined;
  return typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
}
