/**
 * Options for an `LRUCache` that keeps the `max` entries that were used last and takes memory for those that it has.
 * Told a `max`, the library sets the room for all of them aside at once: megabytes for each of a gateway's caches.
 */
export function boundEntries(max: number): { maxSize: number; sizeCalculation(): number } {
  return { maxSize: max, sizeCalculation: () => 1 };
}
