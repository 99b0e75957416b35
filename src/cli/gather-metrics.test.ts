import { expect, test, vi } from 'vitest';
import { createMetricsExchange, createMetricsGatherer, type MetricsExchange } from './gather-metrics.ts';
import type { FromWorker, ToWorker } from './worker-messages.ts';

/** A primary and its workers, whose messages arrive at once. Those that are `silent` never answer. */
function connect(names: readonly string[], silent: readonly string[] = []): MetricsExchange[] {
  const gatherer = createMetricsGatherer();
  const exchanges: MetricsExchange[] = names.map((name, index) =>
    createMetricsExchange(
      (message: FromWorker) => {
        if (message.kind === 'gather metrics')
          gatherer.gather(
            message.request,
            toWorker(index),
            names.map((_n, at) => toWorker(at)),
          );
        else if (message.kind === 'own metrics' && !silent.includes(name)) gatherer.hear(message);
      },
      async () => [{ name }],
    ),
  );
  const toWorker = (index: number) => (message: ToWorker) => {
    if (message.kind === 'tell metrics' || message.kind === 'gathered metrics') exchanges[index]?.hear(message);
  };
  return exchanges;
}

test('whichever worker is asked, it has the metrics of all', async () => {
  const [first, second] = connect(['a', 'b']);
  expect(await first?.gather()).toEqual([[{ name: 'a' }], [{ name: 'b' }]]);
  expect(await Promise.all([second?.gather(), second?.gather()])).toEqual([
    [[{ name: 'a' }], [{ name: 'b' }]],
    [[{ name: 'a' }], [{ name: 'b' }]],
  ]);
});

test('a worker that does not answer is left out', async () => {
  vi.useFakeTimers();
  try {
    const [first] = connect(['a', 'b'], ['b']);
    const gathered = first?.gather();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await gathered).toEqual([[{ name: 'a' }]]);
  } finally {
    vi.useRealTimers();
  }
});
