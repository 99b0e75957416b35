/** Milliseconds → `2026-04-02T00:00:00.000000+00:00`: a form that every client's parser reads, old Pythons included. */
export function toIsoTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000+00:00');
}

/** The same, and null for null. */
export function toIsoTimeOrNull(ms: number | null): string | null {
  return ms === null ? null : toIsoTime(ms);
}
