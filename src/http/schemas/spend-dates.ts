/** Dates in spend queries: a day (`2026-11-23`) or a second of it (`2026-11-23 14:05:00`), in UTC. */
import { GatewayError } from '../../core/gateway-error.ts';

const MOMENT = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}:\d{2}))?(?:\.\d+)?Z?$/;
const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;

/** The day or second that the text names, as a half-open span. Throws bad_request naming the parameter. */
export function parseMoment(text: string, param: string): { startMs: number; endMs: number } {
  const [, day, time] = MOMENT.exec(text.trim()) ?? [];
  const startMs = day === undefined ? Number.NaN : Date.parse(`${day}T${time ?? '00:00:00'}Z`);
  // Date.parse takes 31 June for 1 July.
  if (Number.isNaN(startMs) || !new Date(startMs).toISOString().startsWith(day ?? '')) {
    throw new GatewayError('bad_request', `${param} has to be YYYY-MM-DD or YYYY-MM-DD HH:MM:SS, in UTC.`, { param });
  }
  return { startMs, endMs: startMs + (time === undefined ? DAY_MS : SECOND_MS) };
}

/** From the start of the first to the end of the last, both included; an absent end is open. */
export function parseSpan(
  startDate: string | undefined,
  endDate: string | undefined,
): { fromMs?: number; toMs?: number } {
  const span = {
    ...(startDate === undefined ? {} : { fromMs: parseMoment(startDate, 'start_date').startMs }),
    ...(endDate === undefined ? {} : { toMs: parseMoment(endDate, 'end_date').endMs }),
  };
  if (span.fromMs !== undefined && span.toMs !== undefined && span.fromMs >= span.toMs) {
    throw new GatewayError('bad_request', 'start_date has to come before end_date.', { param: 'start_date' });
  }
  return span;
}
