/**
 * What Datadog's own client sends, and what it makes of answers, recorded on 2026-11-30 on a loopback socket:
 * `LogsApi.submitLog` of `@datadog/datadog-api-client` 1.64.0. The client is 133 MB, so it is no dependency.
 */
/** With `contentEncoding: 'gzip'`. */
export const RECORDED_SUBMISSION = {
  method: 'POST',
  path: '/api/v2/logs',
  headers: {
    accept: 'application/json',
    'content-encoding': 'gzip',
    'content-type': 'application/json',
    'dd-api-key': 'k',
  },
  /** Unpacked. */
  body: '[{"ddsource":"latchkey","ddtags":"env:prod","hostname":"h","message":"m","service":"s","status":"info"}]',
} as const;

/** Answers that we gave it, and whether it took them for a success. */
export const RECORDED_ANSWERS = [
  { status: 202, text: '{}', taken: true },
  { status: 400, text: '{"errors":[{"detail":"bad","status":"400","title":"Bad Request"}]}', taken: false },
  { status: 403, text: '{"errors":["Forbidden"]}', taken: false },
  { status: 413, text: '{"errors":[{"status":"413","title":"Payload too large"}]}', taken: false },
  { status: 429, text: '{"errors":[{"status":"429"}]}', taken: false },
] as const;
