/** Deployments that failed lately, so that others of their group are asked first. Bounded by the configured deployments. */
export interface Cooldowns {
  isCooling(deploymentId: string): boolean;
  /** Counts a failure; enough of them within a minute, or one that says "too many requests", start a pause. */
  noteFailure(deploymentId: string, status: number): void;
}

const FAILURE_WINDOW_MS = 60_000;

export function createCooldowns(options: { allowedFails: number; cooldownMs: number; nowMs: () => number }): Cooldowns {
  const states = new Map<string, { failures: number; windowStartMs: number; coolUntilMs: number }>();
  return {
    isCooling(deploymentId) {
      const state = states.get(deploymentId);
      return state !== undefined && state.coolUntilMs > options.nowMs();
    },
    noteFailure(deploymentId, status) {
      const nowMs = options.nowMs();
      let state = states.get(deploymentId);
      if (state === undefined || nowMs - state.windowStartMs >= FAILURE_WINDOW_MS) {
        state = { failures: 0, windowStartMs: nowMs, coolUntilMs: state?.coolUntilMs ?? 0 };
        states.set(deploymentId, state);
      }
      state.failures += 1;
      if (status === 429 || state.failures > options.allowedFails) state.coolUntilMs = nowMs + options.cooldownMs;
    },
  };
}
