import type { Config } from '../config/config.ts';

export interface StartFacts {
  config: Config;
  /** The port that was really bound. */
  port: number;
  newMasterKey: string | null;
  recovery: { shipped: number; unsettled: number };
}

/**
 * What the operator reads after a start: where the gateway listens, the master key if it was made just now (it is shown
 * this once), and three commands that work as they stand.
 */
export function describeStart({ config, port, newMasterKey, recovery }: StartFacts): string {
  const url = `http://${urlHost(config.server.host)}:${port}${config.server.rootPath}`;
  const lines = ['', `Latchkey listens on ${url}`];
  if (config.file !== null) lines.push(`  configuration  ${config.file}`);
  lines.push(`  data           ${config.server.dataDir}`, `  API and docs   ${url}/docs`);
  const { shipped, unsettled } = recovery;
  if (shipped + unsettled > 0) {
    const bills = `${shipped} ${shipped === 1 ? 'bill' : 'bills'} of the previous run`;
    const calls = `${unsettled} ${unsettled === 1 ? 'call' : 'calls'} that it left unfinished`;
    lines.push(`  recovered      ${bills}, ${calls}`);
  }
  if (newMasterKey !== null) lines.push(...describeMasterKey(newMasterKey));
  lines.push(
    '',
    'Try it:',
    '',
    ...tryOut(url, newMasterKey, firstUsableModel(config)).map((line) => `  ${line}`),
    '',
    '',
  );
  return lines.join('\n');
}

/** The master key that this start made. It is stored nowhere, so it is said even when the start then fails. */
export function describeMasterKey(newMasterKey: string): string[] {
  return ['', 'Master key, shown only this once (a new one: latchkey master-key rotate):', '', `  ${newMasterKey}`];
}

/** Make a key with a budget, call a model with it, see what that cost. */
function tryOut(url: string, newMasterKey: string | null, model: string): string[] {
  // Not known here any more, or not ours to print: taken from where the operator keeps it.
  // biome-ignore lint/suspicious/noTemplateCurlyInString: for the shell
  const masterKey = newMasterKey ?? '${LATCHKEY_MASTER_KEY:-$LITELLM_MASTER_KEY}';
  const json = `-H 'content-type: application/json'`;
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] });
  return [
    `KEY=$(curl -s ${url}/key/generate -H "Authorization: Bearer ${masterKey}" ${json} -d '{"max_budget": 1.00}' | sed 's/.*"key":"\\([^"]*\\)".*/\\1/')`,
    `curl -s ${url}/v1/chat/completions -H "Authorization: Bearer $KEY" ${json} -d '${body}'`,
    `curl -s ${url}/key/info -H "Authorization: Bearer $KEY"`,
  ];
}

function firstUsableModel({ deployments }: Config): string {
  const usable = deployments.filter(({ unavailable, modelName }) => unavailable === null && !modelName.includes('*'));
  const model = usable.find(({ mockResponse }) => mockResponse !== null) ?? usable[0];
  return model?.modelName ?? 'gpt-4o-mini';
}

function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
