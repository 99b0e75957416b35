export interface Ticker {
  /** Ends the timer and waits for a run that is under way. */
  stop(): Promise<void>;
}

/**
 * Runs something every so often, never twice at a time, and never keeps the process alive. What it throws goes to
 * `onError`; the next run comes all the same.
 */
export function startTicker(options: {
  everyMs: number;
  run: () => Promise<unknown> | unknown;
  onError: (error: unknown) => void;
}): Ticker {
  let running: Promise<void> | null = null;
  const tick = async (): Promise<void> => {
    try {
      await options.run();
    } catch (error) {
      options.onError(error);
    }
  };
  const timer = setInterval(() => {
    running ??= tick().finally(() => {
      running = null;
    });
  }, options.everyMs);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
