import { gzipSync } from 'node:zlib';
import type { LogPayload } from '../../core/log-payload.ts';
import { assertTaken } from '../send-http.ts';
import { SinkSetupError } from '../sink.ts';
import type { SinkKind } from '../sink-kind.ts';
import { type SinkVars, secondsOf, wholeNumberOf } from '../sink-vars.ts';

/**
 * `datadog`: every call as a log of Datadog's, whose message is the record. Datadog stores what it is sent, so a repeat
 * after a lost answer is a second log; both carry the call's `litellm_call_id`.
 */
export const datadog: SinkKind = {
  type: 'datadog',
  varNames: ['dd_api_key', 'dd_site', 'turn_off_message_logging'],
  addressNames: ['dd_site'],
  globalOnly: false,
  // Datadog takes 1,000 logs and 5 MB at a time; a record within a message grows by the escaping of its quotes.
  flushRule: (vars) => ({
    maxRecords: Math.min(1_000, wholeNumberOf('DD_BATCH_SIZE', vars.environment('DD_BATCH_SIZE'), 1_000)),
    maxBytes: 2 * 1024 * 1024,
    intervalMs: secondsOf('DD_FLUSH_INTERVAL', vars.environment('DD_FLUSH_INTERVAL'), 5_000),
  }),
  create(vars, { send }) {
    const { url, apiKey } = targetOf(vars);
    const common = commonOf(vars);
    return {
      type: datadog.type,
      async deliver(batch) {
        const logs = batch.records().map((record) => toLog(record, common));
        const answer = await send({
          url,
          method: 'POST',
          headers: { 'dd-api-key': apiKey, 'content-type': 'application/json', 'content-encoding': 'gzip' },
          body: gzipSync(JSON.stringify(logs)),
        });
        assertTaken(answer, url);
      },
      close: async () => {},
    };
  },
};

/** A site of the destination's own gets a key of its own. */
function targetOf(vars: SinkVars): { url: string; apiKey: string } {
  const ownSite = vars.own('dd_site');
  const ownKey = vars.own('dd_api_key');
  const apiKey = ownKey ?? (ownSite === undefined ? vars.environment('DD_API_KEY') : undefined);
  if (apiKey === undefined) {
    throw new SinkSetupError(
      ownSite === undefined ? 'DD_API_KEY is not set in the environment' : 'dd_api_key is missing',
    );
  }
  const site = ownSite ?? vars.environment('DD_SITE');
  // An agent or a proxy of the operator's own, in the place of the site.
  const base =
    ownSite === undefined ? (vars.environment('DD_BASE_URL') ?? vars.environment('_DATADOG_BASE_URL')) : undefined;
  if (base !== undefined) return { url: `${base.replace(/\/+$/, '')}/api/v2/logs`, apiKey };
  if (site === undefined) throw new SinkSetupError('DD_SITE is not set in the environment');
  if (!/^[a-z0-9.-]+\.[a-z]{2,}$/i.test(site))
    throw new SinkSetupError('dd_site has to be a host such as datadoghq.eu');
  return { url: `https://http-intake.logs.${site}/api/v2/logs`, apiKey };
}

interface CommonFields {
  ddsource: string;
  ddtags: string;
  hostname: string;
  service: string;
}

function commonOf(vars: SinkVars): CommonFields {
  const service = vars.environment('DD_SERVICE') ?? 'latchkey';
  const tags = [
    ['env', vars.environment('DD_ENV')],
    ['service', service],
    ['version', vars.environment('DD_VERSION')],
  ].flatMap(([name, value]) => (value === undefined ? [] : [`${name}:${value}`]));
  return {
    ddsource: vars.environment('DD_SOURCE') ?? 'latchkey',
    ddtags: tags.join(','),
    hostname: vars.environment('DD_HOSTNAME') ?? vars.environment('HOSTNAME') ?? '',
    service,
  };
}

function toLog(record: LogPayload, common: CommonFields): object {
  const { user_api_key_team_alias: team, user_api_key_team_id: teamId } = record.metadata;
  const name = team ?? teamId;
  return {
    ...common,
    ddtags: name === null ? common.ddtags : `${common.ddtags},team:${name.replaceAll(',', '_')}`,
    message: JSON.stringify(record),
    status: record.status === 'success' ? 'info' : 'error',
  };
}
