/**
 * Looks into one server-sent event without parsing it. Frames are Latin-1 views of bytes. A member's name is found as
 * text: inside a JSON string its quotes would be escaped, so a match is a name, or a string that equals it.
 */

/** Index after the blank line that ends the event beginning at `from`; -1 when it has not come. LF and CRLF both. */
export function findFrameEnd(text: string, from: number): number {
  for (let line = text.indexOf('\n', from); line >= 0; line = text.indexOf('\n', line + 1)) {
    const next = text.charCodeAt(line + 1);
    if (next === LF) return line + 2;
    if (next === CR && text.charCodeAt(line + 2) === LF) return line + 3;
  }
  return -1;
}

/** Whether the member is there with a value other than null. */
export function hasMember(frame: string, name: string): boolean {
  for (let at = findMember(frame, name, 0); at >= 0; at = findMember(frame, name, at)) {
    if (frame.charCodeAt(at) !== LOWER_N) return true;
  }
  return false;
}

/** Whether the member is there as a list with something in it. */
export function startsFilledList(frame: string, name: string): boolean {
  const at = findMember(frame, name, 0);
  if (at < 0 || frame.charCodeAt(at) !== OPEN_BRACKET) return false;
  return frame.charCodeAt(skipSpaces(frame, at + 1)) !== CLOSE_BRACKET;
}

/** Where answers carry text, in the order of how often. */
const CONTENT_NAMES = ['content', 'arguments', 'reasoning_content', 'text', 'reasoning', 'refusal'];

/** Bytes of text that the frame brings, escapes counted as written. */
export function countContent(frame: string): number {
  let bytes = 0;
  for (const name of CONTENT_NAMES) {
    for (let at = findMember(frame, name, 0); at >= 0; at = findMember(frame, name, at)) {
      if (frame.charCodeAt(at) !== QUOTE) continue;
      const end = findStringEnd(frame, at + 1);
      bytes += end - at - 1;
    }
    if (bytes > 0) return bytes;
  }
  return 0;
}

/**
 * The frame's `data:` lines, joined as the standard says; empty for a comment. Where an upstream ignored that a stream
 * was asked for, its whole answer comes as one "frame" and is its own payload.
 */
export function readPayload(frame: string): string {
  if (frame.startsWith('{')) return frame;
  let payload = '';
  for (let start = 0; start < frame.length; ) {
    const newline = frame.indexOf('\n', start);
    const end = newline < 0 ? frame.length : newline;
    if (frame.startsWith('data:', start)) payload += (payload === '' ? '' : '\n') + frame.slice(start + 5, end);
    start = end + 1;
  }
  return payload.trim();
}

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const LOWER_N = 0x6e;

/** Index of the value of the next member of that name; -1 when there is none. */
function findMember(frame: string, name: string, from: number): number {
  for (let at = frame.indexOf(name, from); at >= 0; at = frame.indexOf(name, at + 1)) {
    if (frame.charCodeAt(at - 1) !== QUOTE) continue;
    const close = at + name.length;
    if (frame.charCodeAt(close) !== QUOTE) continue;
    const colon = skipSpaces(frame, close + 1);
    if (frame.charCodeAt(colon) === COLON) return skipSpaces(frame, colon + 1);
  }
  return -1;
}

function skipSpaces(frame: string, from: number): number {
  let at = from;
  while (frame.charCodeAt(at) === SPACE) at += 1;
  return at;
}

function findStringEnd(frame: string, from: number): number {
  for (let at = frame.indexOf('"', from); at >= 0; at = frame.indexOf('"', at + 1)) {
    let before = at - 1;
    while (frame.charCodeAt(before) === BACKSLASH) before -= 1;
    if ((at - before) % 2 === 1) return at;
  }
  return frame.length;
}
