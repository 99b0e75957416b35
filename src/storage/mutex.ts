/** One holder at a time, in the order of asking. */
export interface Mutex {
  lock(): Promise<void>;
  unlock(): void;
}

export function createMutex(): Mutex {
  const queue: (() => void)[] = [];
  let locked = false;
  return {
    lock() {
      if (locked) return new Promise((resolve) => queue.push(resolve));
      locked = true;
      return Promise.resolve();
    },
    unlock() {
      const next = queue.shift();
      if (next === undefined) locked = false;
      else next();
    },
  };
}
