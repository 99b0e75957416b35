/**
 * How often a cache reads again what was changed while it was being read. Every attempt takes as long as one row of a
 * database, and changes of one row come one after the other: a burst of dozens ends within a fraction of these.
 */
export const MAX_RELOADS = 200;
