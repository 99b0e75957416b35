import { isJsonObject } from '../../core/json.ts';
import type { Deployment } from '../../core/model.ts';

/** Whether the client itself wants the usage frame of a stream. What it did not ask for, it is not shown. */
export function asksForUsage(body: Readonly<Record<string, unknown>>): boolean {
  const { stream_options: options } = body;
  return isJsonObject(options) && options.include_usage === true;
}

/** The client's stream options, and usage with them. */
export function withUsage(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { stream_options: options } = body;
  return { ...(isJsonObject(options) ? options : {}), include_usage: true };
}

/** They refuse fields that they do not know, and send usage with a stream's last content frame unasked. */
const REPORT_UNASKED: ReadonlySet<string> = new Set(['mistral', 'codestral']);
/** The first version of Azure's API that knows `stream_options`. */
const AZURE_FROM = '2024-09-01';

/** Whether a deployment can be asked for usage at all; where it cannot, what it sends unasked or an estimate is billed. */
export function acceptsStreamOptions({ provider, apiVersion }: Pick<Deployment, 'provider' | 'apiVersion'>): boolean {
  if (REPORT_UNASKED.has(provider)) return false;
  return provider !== 'azure' || apiVersion === null || apiVersion >= AZURE_FROM;
}
