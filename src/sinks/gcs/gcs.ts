import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { LogPayload } from '../../core/log-payload.ts';
import { inParallel } from '../in-parallel.ts';
import { batchObjectName } from '../object-name.ts';
import { assertTaken } from '../send-http.ts';
import type { SinkKind } from '../sink-kind.ts';
import { type GcsSettings, readGcsFlushRule, readGcsSettings } from './gcs-settings.ts';
import { createGcsToken, type GetToken } from './gcs-token.ts';

const compress = promisify(gzip);
/** Of objects of single calls. */
const UPLOADS_AT_ONCE = 16;

interface StoredObject {
  name: string;
  type: string;
  body: Buffer;
}

/**
 * `gcs_bucket`: objects in a bucket of Google Cloud Storage. One NDJSON object per batch, or one JSON object per call as
 * LiteLLM writes them. Names are made from the batch or the call, so a repeat replaces an object by itself.
 */
export const gcs: SinkKind = {
  type: 'gcs_bucket',
  varNames: ['gcs_bucket_name', 'gcs_path_service_account', 'turn_off_message_logging'],
  addressNames: [],
  globalOnly: false,
  flushRule: readGcsFlushRule,
  create(vars, { send, sendGuarded }) {
    const settings = readGcsSettings(vars);
    const getToken = createGcsToken(settings, sendGuarded);

    async function store(object: StoredObject): Promise<void> {
      const url = objectUrl(settings, object.name);
      const body = settings.gzip ? await compress(object.body) : object.body;
      const headers = { 'content-type': object.type, ...(await authorize(getToken)) };
      assertTaken(await send({ url, method: 'POST', headers, body }), url);
    }

    return {
      type: gcs.type,
      async deliver(batch) {
        if (settings.perCall) await inParallel(batch.records().map(toObject), UPLOADS_AT_ONCE, store);
        else await store({ name: batchObjectName(batch), type: 'application/x-ndjson', body: batch.ndjson });
      },
      close: async () => {},
    };
  },
};

function objectUrl({ endpoint, bucket, prefix, gzip: zipped }: GcsSettings, name: string): string {
  const query = new URLSearchParams({ uploadType: 'media', name: `${prefix}${name}` });
  if (zipped) query.set('contentEncoding', 'gzip');
  return `${endpoint}/upload/storage/v1/b/${bucket}/o?${query}`;
}

async function authorize(getToken: GetToken | null): Promise<Record<string, string>> {
  return getToken === null ? {} : { authorization: `Bearer ${await getToken()}` };
}

function toObject(record: LogPayload): StoredObject {
  const date = new Date(record.endTime * 1000).toISOString().slice(0, 10);
  return { name: `${date}/${objectId(record)}`, type: 'application/json', body: Buffer.from(JSON.stringify(record)) };
}

/** What the request asked for, else the answer's id; of a call that failed, an id that nothing else has. */
function objectId(record: LogPayload): string {
  const wanted = record.metadata.requester_metadata?.gcs_log_id;
  if (typeof wanted === 'string' && /^[^\p{Cc}]{1,512}$/u.test(wanted)) return wanted;
  if (record.status === 'success') return record.id;
  return `failure-${createHash('sha256').update(record.litellm_call_id).digest('hex').slice(0, 32)}`;
}
