/**
 * True for a deployment that serves from the region: `eu` also covers what providers call their European regions
 * (`eu-west-1`, `europe-west4`), and likewise for all others.
 */
export function isInRegion(region: string | null, allowed: string): boolean {
  if (region === null) return false;
  const is = region.toLowerCase();
  const wanted = allowed.toLowerCase();
  return is === wanted || is.startsWith(`${wanted}-`) || (wanted === 'eu' && /^europe(?:-|$)/.test(is));
}
