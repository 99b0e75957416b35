import { GatewayError } from '../../core/gateway-error.ts';

const MAX_NAME_CHARS = 256;
const MAX_NAMES = 5_000;

/** Text for a column or a list of names: not too long, and free of control characters, which PostgreSQL cannot keep. */
export function assertText(value: string | null | undefined, param: string): void {
  if (value === undefined || value === null) return;
  if (value.length > MAX_NAME_CHARS) refuse(param, `${param} is longer than ${MAX_NAME_CHARS} characters.`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(value)) refuse(param, `${param} holds a control character.`);
}

/** The same for each of a list, and for how many there may be. */
export function assertTexts(values: readonly string[] | null | undefined, param: string): void {
  if ((values?.length ?? 0) > MAX_NAMES) refuse(param, `${param} cannot have more than ${MAX_NAMES} entries.`);
  for (const value of values ?? []) assertText(value, param);
}

/** A name that a client chose for something new: not empty, and without blanks at its ends. */
export function assertNewId(id: string, param: string): void {
  assertText(id, param);
  if (id.trim() !== id || id === '') refuse(param, `${param} must not be empty or begin or end with a blank.`);
}

function refuse(param: string, message: string): never {
  throw new GatewayError('bad_request', message, { param });
}
