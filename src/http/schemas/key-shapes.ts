/**
 * The shapes of single fields in key requests. As lenient as LiteLLM's: numbers may come as text, booleans as words.
 * What is a number at all is decided here (422); whether it makes sense is decided by the verb (400).
 */
import { z } from 'zod';
import { toNanoUsd } from '../../core/money.ts';

const NUMBER_TEXT = /^\s*[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?\s*$/i;
const NOT_FINITE = /^\s*[+-]?(nan|inf|infinity)\s*$/i;
const TRUE_WORDS = ['true', 't', 'yes', 'y', 'on', '1'];
const FALSE_WORDS = ['false', 'f', 'no', 'n', 'off', '0'];

/** Text → number; NaN for what only looks like one (`nan`, `inf`), undefined for what is none. */
function readNumber(text: string): number | undefined {
  if (NOT_FINITE.test(text)) return Number.NaN;
  return NUMBER_TEXT.test(text) ? Number(text) : undefined;
}

export const LaxNumber = z
  .union([z.number(), z.string()], { error: 'Input should be a valid number' })
  .transform((value, context): number => {
    const read = typeof value === 'number' ? value : readNumber(value);
    if (read !== undefined) return read;
    context.addIssue({ code: 'custom', message: 'Input should be a valid number, unable to parse string as a number' });
    return z.NEVER;
  });

export const LaxInteger = z
  .union([z.number(), z.string()], { error: 'Input should be a valid integer' })
  .transform((value, context): number => {
    const read = typeof value === 'number' ? value : readNumber(value);
    if (read !== undefined && (Number.isNaN(read) || Number.isInteger(read))) return read;
    context.addIssue({ code: 'custom', message: 'Input should be a valid integer' });
    return z.NEVER;
  });

/**
 * An amount of dollars. Empty text means "none", as some dashboards send it. A flat union like the others: of members that
 * are converted themselves, the API description would tell nothing.
 */
export const LaxDollars = z
  .union([z.number(), z.string()], { error: 'Input should be a valid number' })
  .transform((value, context): number | null => {
    if (value === '') return null;
    const read = typeof value === 'number' ? value : readNumber(value);
    if (read !== undefined) return read;
    context.addIssue({ code: 'custom', message: 'Input should be a valid number' });
    return z.NEVER;
  })
  .describe('US dollars.');

export const LaxBoolean = z
  .union([z.boolean(), z.string(), z.number()], { error: 'Input should be a valid boolean' })
  .transform((value, context): boolean => {
    const word = String(value).trim().toLowerCase();
    if (TRUE_WORDS.includes(word)) return true;
    if (FALSE_WORDS.includes(word)) return false;
    context.addIssue({ code: 'custom', message: 'Input should be a valid boolean' });
    return z.NEVER;
  });

export const Texts = z.array(z.string());
/** Free JSON; how deep and large it may be is the verb's business. */
export const OpenObject = z.record(z.string(), z.unknown());

export const DURATION_HELP = 'A whole number and s, m, h, d, w or mo, as in 30d.';
export const ENFORCED_PARAMS_HELP =
  'Fields that the body of every call must have, such as user or metadata.generation_name.';

/** Dollars → nano-dollars of a limit. One too small for a nano-dollar is one: rounded to 0 it would allow nothing. */
export function toCeilingNanoUsd(usd: number): number {
  return usd > 0 ? Math.max(1, toNanoUsd(usd)) : toNanoUsd(usd);
}
