/**
 * Wildcards in model names: `*` stands for any text, also none; every other character for itself (`.` is a dot).
 * Matching is linear in the text for every pattern, so no list of patterns can be made slow.
 */
export function isWildcard(pattern: string): boolean {
  return pattern.includes('*');
}

/**
 * What the first `*` of the pattern stands for in the text; null when the text does not match.
 * A pattern without `*` matches only itself and stands for ''.
 */
export function matchWildcard(pattern: string, text: string): string | null {
  const star = pattern.indexOf('*');
  if (star === -1) return pattern === text ? '' : null;
  if (!text.startsWith(pattern.slice(0, star))) return null;
  const last = pattern.lastIndexOf('*');
  const suffix = pattern.slice(last + 1);
  const end = text.length - suffix.length;
  if (end < star || !text.endsWith(suffix)) return null;
  if (last === star) return text.slice(star, end);

  let from = star;
  let firstEnd = -1;
  for (const part of pattern.slice(star + 1, last).split('*')) {
    const found = text.indexOf(part, from);
    if (found === -1 || found + part.length > end) return null;
    if (firstEnd === -1) firstEnd = found;
    from = found + part.length;
  }
  return text.slice(star, firstEnd);
}
