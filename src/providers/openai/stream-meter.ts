import { isJsonObject, parseJson } from '../../core/json.ts';
import type { Deployment } from '../../core/model.ts';
import type { Usage } from '../../core/usage.ts';
import type { StreamMeter } from '../provider.ts';
import { describeStreamError, redactStreamError } from './parse-error.ts';
import { parseUsage } from './parse-usage.ts';
import { secretsOf } from './redact-secrets.ts';
import { countContent, findFrameEnd, hasMember, readPayload, startsFilledList } from './sse-frame.ts';

/** More is passed on unread; no frame that matters here is near it. */
const MAX_HELD_BYTES = 1024 * 1024;
const NOTHING = Buffer.alloc(0);
/** Comments and Azure's filter results may come before the first frame with an id; some upstreams never send one. */
const MAX_ID_ATTEMPTS = 4;

export interface MeterOptions {
  hideUsage: boolean;
  /** Whose credentials no error may tell the client. */
  deployment?: Pick<Deployment, 'apiKey' | 'extraHeaders'> | undefined;
}

/**
 * Watches a stream of server-sent events go by. Frames leave as soon as they are whole (a client can do nothing with
 * half of one), as slices of the very buffers that came; a copy is made only where a frame is split between chunks, or
 * hidden. With `hideUsage`, the frame that carries usage and nothing else is kept from the client, and an error with a
 * credential in it is told again without. The closing `[DONE]` is what `end()` returns, so that the bill can be written before the client sees the stream as complete.
 *
 * Chunks are looked at as Latin-1 text, one character for one byte, so that a cut inside a UTF-8 sequence does no harm.
 * A frame is parsed only when it holds an error, or usage that may have to be hidden.
 */
export class OpenAiStreamMeter implements StreamMeter {
  private readonly hideUsage: boolean;
  private readonly deployment: MeterOptions['deployment'];
  /** What the client has not had yet: the start of a frame, or `[DONE]` and whatever follows it. */
  private held: Buffer | null = null;
  private frames = 0;
  private contentBytes = 0;
  private id: string | null = null;
  private idAttempts = 0;
  /** The last frame with usage in it, parsed when asked for. */
  private usageFrame: string | null = null;
  private error: string | null = null;

  constructor({ hideUsage, deployment }: MeterOptions) {
    this.hideUsage = hideUsage;
    this.deployment = deployment;
  }

  push(chunk: Buffer): Buffer | null {
    const data = this.held === null ? chunk : Buffer.concat([this.held, chunk]);
    const text = data.toString('latin1');
    const kept: Buffer[] = [];
    let keptStart = 0;
    let frameStart = 0;
    for (let frameEnd = findFrameEnd(text, 0); frameEnd >= 0; frameEnd = findFrameEnd(text, frameStart)) {
      const frame = text.slice(frameStart, frameEnd);
      if (isDone(frame)) break;
      const instead = this.observe(frame);
      if (instead !== null) {
        kept.push(data.subarray(keptStart, frameStart), instead);
        keptStart = frameEnd;
      }
      frameStart = frameEnd;
    }
    if (data.length - frameStart > MAX_HELD_BYTES) frameStart = data.length;
    this.held = frameStart < data.length ? data.subarray(frameStart) : null;
    if (kept.length > 0) return orNull(Buffer.concat([...kept, data.subarray(keptStart, frameStart)]));
    return frameStart === data.length ? data : orNull(data.subarray(0, frameStart));
  }

  end(): Buffer | null {
    const { held } = this;
    this.held = null;
    if (held === null) return null;
    const text = held.toString('latin1');
    const instead = isDone(text) ? null : this.observe(text);
    return instead === null ? held : orNull(instead);
  }

  usage(): Usage | null {
    if (this.usageFrame === null) return null;
    const payload = parseJson(readPayload(this.usageFrame));
    if (!isJsonObject(payload)) return null;
    const { usage, x_groq: groq } = payload;
    return parseUsage(usage) ?? (isJsonObject(groq) ? parseUsage(groq.usage) : null);
  }

  delivered(): { frames: number; contentBytes: number } {
    return { frames: this.frames, contentBytes: this.contentBytes };
  }

  responseId(): string | null {
    return this.id;
  }

  streamError(): string | null {
    return this.error;
  }

  /** Reads one whole frame; not null: what the client is to get in its place. */
  private observe(frame: string): Buffer | null {
    if (isComment(frame)) return null;
    const content = countContent(frame);
    if (content > 0) {
      this.frames += 1;
      this.contentBytes += content;
    }
    if (this.id === null && this.idAttempts < MAX_ID_ATTEMPTS) {
      this.idAttempts += 1;
      this.id = readId(frame);
    }
    // Without its first letter, because a search for `e` stops at every other byte.
    const instead = frame.includes('rror"') ? this.observeError(frame) : null;
    if (!hasMember(frame, 'usage')) return instead;
    this.usageFrame = frame;
    return this.hideUsage && isUsageOnly(frame) ? NOTHING : instead;
  }

  private observeError(frame: string): Buffer | null {
    // Decoded, since the message is for people.
    const payload = Buffer.from(readPayload(frame), 'latin1').toString('utf8');
    const message = describeStreamError(parseJson(payload));
    if (message === null) return null;
    this.error ??= message;
    const clean = redactStreamError(payload, secretsOf(this.deployment));
    if (clean === null) return null;
    return Buffer.from(frame.startsWith('{') ? clean : `data: ${clean}\n\n`);
  }
}

function orNull(bytes: Buffer): Buffer | null {
  return bytes.length === 0 ? null : bytes;
}

function isDone(text: string): boolean {
  return text.startsWith('data: [DONE]') || text.startsWith('data:[DONE]');
}

function isComment(frame: string): boolean {
  return frame.startsWith(':') && !frame.includes('\ndata:');
}

function isUsageOnly(frame: string): boolean {
  // A whole answer instead of a stream is never hidden.
  if (frame.startsWith('{') || startsFilledList(frame, 'choices')) return false;
  const payload = parseJson(readPayload(frame));
  if (!isJsonObject(payload) || !isJsonObject(payload.usage) || (payload.error ?? null) !== null) return false;
  return payload.choices === undefined || (Array.isArray(payload.choices) && payload.choices.length === 0);
}

function readId(frame: string): string | null {
  const payload = parseJson(readPayload(frame));
  return isJsonObject(payload) && typeof payload.id === 'string' && payload.id !== '' ? payload.id : null;
}
