/** First come, first served: `shared` sections run side by side, an `exclusive` one runs alone. */
export interface SharedLock {
  shared<T>(section: () => Promise<T>): Promise<T>;
  exclusive<T>(section: () => Promise<T>): Promise<T>;
}

export function createSharedLock(): SharedLock {
  let lastExclusive: Promise<unknown> = Promise.resolve();
  let sharedSince = new Set<Promise<unknown>>();
  return {
    shared(section) {
      const run = lastExclusive.then(section);
      const group = sharedSince;
      const ended: Promise<unknown> = run.catch(() => {}).then(() => group.delete(ended));
      group.add(ended);
      return run;
    },
    exclusive(section) {
      const run = Promise.all([lastExclusive, ...sharedSince]).then(section);
      lastExclusive = run.catch(() => {});
      sharedSince = new Set();
      return run;
    },
  };
}
