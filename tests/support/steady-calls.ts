import { onTestFinished } from 'vitest';

/** Makes calls at a steady rate, whether or not earlier ones have ended, until told to stop or the test is over. */
export function startSteadyCalls(perSecond: number, call: () => Promise<void>): { stop(): Promise<void> } {
  const running = new Set<Promise<void>>();
  const timer = setInterval(() => {
    const one = call();
    running.add(one);
    void one.finally(() => running.delete(one));
  }, 1_000 / perSecond);
  /** Resolves when the last of them has ended. */
  async function stop(): Promise<void> {
    clearInterval(timer);
    await Promise.all(running);
  }
  onTestFinished(stop);
  return { stop };
}
