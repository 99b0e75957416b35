import { parseHeaders } from '../parse-headers.ts';
import { assertTaken } from '../send-http.ts';
import type { SinkBatch } from '../sink.ts';
import { SinkSetupError } from '../sink.ts';
import type { SinkKind } from '../sink-kind.ts';
import { httpUrlOf, type SinkVars, secondsOf, wholeNumberOf } from '../sink-vars.ts';

/**
 * `generic_api`: a POST of every batch to an address. The body is a JSON list of records, or one record per line with
 * `log_format: ndjson`. The header `idempotency-key` is the same on every repeat of a batch.
 */
export const webhook: SinkKind = {
  type: 'generic_api',
  varNames: ['endpoint', 'headers', 'log_format', 'turn_off_message_logging'],
  addressNames: ['endpoint'],
  globalOnly: false,
  flushRule: (vars) => ({
    maxRecords: wholeNumberOf('GENERIC_LOGGER_BATCH_SIZE', vars.environment('GENERIC_LOGGER_BATCH_SIZE'), 512),
    maxBytes: 4 * 1024 * 1024,
    intervalMs: secondsOf('GENERIC_LOGGER_FLUSH_INTERVAL', vars.environment('GENERIC_LOGGER_FLUSH_INTERVAL'), 5_000),
  }),
  create(vars, { send }) {
    const { url, headers } = targetOf(vars);
    const asLines = isNdjson(vars.own('log_format') ?? 'json_array');
    const contentType = asLines ? 'application/x-ndjson' : 'application/json';
    return {
      type: webhook.type,
      async deliver(batch) {
        const answer = await send({
          url,
          method: 'POST',
          headers: { 'content-type': contentType, ...headers, 'idempotency-key': batch.id },
          body: asLines ? batch.ndjson : toList(batch),
        });
        assertTaken(answer, url);
      },
      close: async () => {},
    };
  },
};

/** An address of the destination's own gets no headers of the environment: they hold the operator's credentials. */
function targetOf(vars: SinkVars): { url: string; headers: Record<string, string> } {
  const own = vars.own('endpoint');
  const url = own ?? vars.environment('GENERIC_LOGGER_ENDPOINT');
  const name = own === undefined ? 'GENERIC_LOGGER_ENDPOINT' : 'endpoint';
  if (url === undefined) throw new SinkSetupError(`${name} is not set in the environment`);
  const headers = vars.own('headers') ?? (own === undefined ? vars.environment('GENERIC_LOGGER_HEADERS') : undefined);
  return { url: httpUrlOf(name, url), headers: parseHeaders(headers) };
}

function isNdjson(format: string): boolean {
  if (format === 'ndjson') return true;
  if (format === 'json_array') return false;
  throw new SinkSetupError('log_format has to be json_array or ndjson');
}

/** No record holds a line end, so that the ends of lines are all there is to replace. */
function toList({ ndjson }: SinkBatch): Buffer {
  const list = Buffer.allocUnsafe(ndjson.length + 1);
  list[0] = 0x5b;
  ndjson.copy(list, 1);
  for (let at = list.indexOf(10); at !== -1; at = list.indexOf(10, at + 1)) list[at] = 0x2c;
  list[list.length - 1] = 0x5d;
  return list;
}
