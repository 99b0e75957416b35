import { executionAsyncResource } from 'node:async_hooks';

/** Nothing reads it: what is in it stays alive. */
const kept: object[] = [];

/**
 * Makes `process.nextTick` cost a sixth for the life of the process. Node describes each tick with a literal that has
 * computed names, and V8 compiles such a literal only as long as it has always met the same hidden classes. Between two
 * ticks nothing holds these, so a thorough garbage collection during the start, before the code is compiled, has them
 * made anew, and every tick of every stream goes through the runtime ever after. One tick that stays alive holds them.
 */
export function keepTickShape(): void {
  process.nextTick(() => {
    if (kept.length === 0) kept.push(executionAsyncResource());
  });
}
