/**
 * The form of secrets that the gateway makes: `sk-lkv1`, 22 characters for 128 random bits, and 6 for the CRC-32 of all
 * that stands before them; letters and digits throughout. What looks like one and has a wrong checksum was never made by
 * us, so it can be refused without asking the database. Secrets in other forms (chosen by people, made by LiteLLM or by
 * earlier versions) have no checksum.
 */
const PREFIX = 'sk-lkv1';
const RANDOM_DIGITS = 22;
const CHECKSUM_DIGITS = 6;
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const OURS = /^sk-lkv1[0-9A-Za-z]*$/;
/** LiteLLM's secrets, and ours of earlier versions: one of them may begin like ours by chance. */
const OLDER_LENGTH = 25;

/** 16 random bytes → a secret. */
export function formatSecret(randomBytes: Uint8Array): string {
  const body = PREFIX + toDigits(BigInt(`0x${Buffer.from(randomBytes).toString('hex')}`), RANDOM_DIGITS);
  return body + toDigits(BigInt(computeCrc32(body, body.length)), CHECKSUM_DIGITS);
}

/** True for text in our form that no gateway has made: cut short, mistyped or guessed. */
export function hasWrongChecksum(text: string): boolean {
  if (!text.startsWith(PREFIX) || text.length === OLDER_LENGTH || !OURS.test(text)) return false;
  if (text.length !== PREFIX.length + RANDOM_DIGITS + CHECKSUM_DIGITS) return true;
  const bodyLength = PREFIX.length + RANDOM_DIGITS;
  return computeCrc32(text, bodyLength) !== fromDigits(text, bodyLength);
}

function toDigits(value: bigint, count: number): string {
  let rest = value;
  let text = '';
  for (let index = 0; index < count; index += 1) {
    text = DIGITS[Number(rest % 62n)] + text;
    rest /= 62n;
  }
  return text;
}

/** Of the digits from here to the end. Every request asks, so nothing is made on the way. */
function fromDigits(text: string, start: number): number {
  let value = 0;
  for (let index = start; index < text.length; index += 1) value = value * 62 + DIGITS.indexOf(text[index] as string);
  return value;
}

/** CRC-32 as in zlib, PNG and ISO 3309. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function computeCrc32(text: string, length: number): number {
  let crc = 0xffffffff;
  for (let index = 0; index < length; index += 1) {
    crc = (TABLE[(crc ^ text.charCodeAt(index)) & 0xff] as number) ^ (crc >>> 8);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
