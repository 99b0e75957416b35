// How a fake upstream answers one request: defaults, changed by what a test has set, changed by rules in the model's
// name or the `x-fake` header. `drop-after-3+no-usage` is two rules. What is no rule is part of the name and ignored.

/**
 * @typedef {object} Behavior
 * @property {number} latencyMs before the response headers
 * @property {number} frames content frames of a stream
 * @property {number} frameIntervalMs between two frames
 * @property {number} promptTokens
 * @property {number} completionTokens cut to the request's output limit; of each choice
 * @property {number} cachedTokens of the prompt
 * @property {number} reasoningTokens of the completion
 * @property {number} status 200, or the error to answer with
 * @property {number | null} retryAfterSeconds
 * @property {string | null} errorBody instead of OpenAI's error envelope
 * @property {'headers' | 'body' | null} hang stop before the headers, or after the first bytes of the body
 * @property {number | null} dropAfter frames, then the connection is reset
 * @property {number | null} errorAfter frames, then an error event
 * @property {boolean} malformed a body that is cut off JSON
 * @property {string | null} contentType
 * @property {'asked' | 'never' | 'in_last_frame' | 'in_every_frame'} usage how a stream tells it; `never` counts for whole answers too
 * @property {boolean} toolCall answer with a call of the request's first tool
 */

/** @type {Readonly<Behavior>} */
export const DEFAULT_BEHAVIOR = Object.freeze({
  latencyMs: 0,
  frames: 4,
  frameIntervalMs: 0,
  promptTokens: 11,
  completionTokens: 7,
  cachedTokens: 0,
  reasoningTokens: 0,
  status: 200,
  retryAfterSeconds: null,
  errorBody: null,
  hang: null,
  dropAfter: null,
  errorAfter: null,
  malformed: false,
  contentType: null,
  usage: 'asked',
  toolCall: false,
});

/** @type {readonly [pattern: RegExp, read: (...numbers: number[]) => Partial<Behavior>][]} */
const RULES = [
  [/^fail-429$/, () => ({ status: 429, retryAfterSeconds: 1 })],
  [/^fail-(\d{3})$/, (status = 500) => ({ status })],
  [/^redirect$/, () => ({ status: 302 })],
  [/^hang$/, () => ({ hang: 'headers' })],
  [/^hang-mid$/, () => ({ hang: 'body' })],
  [/^drop-after-(\d+)$/, (dropAfter = 0) => ({ dropAfter })],
  [/^error-after-(\d+)$/, (errorAfter = 0) => ({ errorAfter })],
  [/^malformed$/, () => ({ malformed: true })],
  [
    /^html$/,
    () => ({ status: 502, errorBody: '<html><title>502 Bad Gateway</title></html>', contentType: 'text/html' }),
  ],
  [/^no-usage$/, () => ({ usage: 'never' })],
  [/^usage-in-content$/, () => ({ usage: 'in_last_frame' })],
  [/^usage-cumulative$/, () => ({ usage: 'in_every_frame' })],
  [/^usage-(\d+)-(\d+)$/, (promptTokens = 0, completionTokens = 0) => ({ promptTokens, completionTokens })],
  [/^cached-(\d+)$/, (cachedTokens = 0) => ({ cachedTokens })],
  [/^slow-(\d+)$/, (latencyMs = 0) => ({ latencyMs })],
  [/^frames-(\d+)$/, (frames = 0) => ({ frames })],
  [/^every-(\d+)ms$/, (frameIntervalMs = 0) => ({ frameIntervalMs })],
  [/^tools$/, () => ({ toolCall: true })],
];

/**
 * What the rules in a text ask for.
 *
 * @param {string} text
 * @returns {Partial<Behavior>}
 */
export function readRules(text) {
  /** @type {Partial<Behavior>} */
  const behavior = {};
  for (const word of text.split('+')) {
    for (const [pattern, read] of RULES) {
      const match = pattern.exec(word);
      if (match === null) continue;
      Object.assign(behavior, read(...match.slice(1).map(Number)));
      break;
    }
  }
  return behavior;
}
