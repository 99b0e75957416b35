/** `user_id` as it stands in an address. */

/**
 * A plus sign stays one: addresses of people serve as their ids, and clients forget to write it `%2B`. A blank is `%20`.
 * `parsed` is what the framework made of it. Null: nobody is named.
 */
export function readUserId(url: string, parsed: string | undefined): string | null {
  if (parsed === undefined || parsed === '') return null;
  const raw = parsed.includes(' ') ? /[?&]user_id=([^&#]*)/.exec(url)?.[1] : undefined;
  return raw === undefined ? parsed : (decode(raw) ?? parsed);
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
