// The few statistics that the report needs.

/**
 * @param {readonly number[]} values
 * @param {number} share 0.5 is the median.
 */
export function quantile(values, share) {
  if (values.length === 0) return Number.NaN;
  const sorted = Float64Array.from(values).sort();
  const at = (sorted.length - 1) * share;
  const low = /** @type {number} */ (sorted[Math.floor(at)]);
  const high = /** @type {number} */ (sorted[Math.ceil(at)]);
  return low + (high - low) * (at - Math.floor(at));
}

/** @param {readonly number[]} values */
export function median(values) {
  return quantile(values, 0.5);
}

/**
 * A figure with the interval that holds it in 95 of 100 repetitions.
 *
 * @typedef {{ value: number, low: number, high: number }} Estimate
 */

/**
 * The median, with its 95 % interval by bootstrap: medians of samples drawn from the values with replacement.
 *
 * @param {readonly number[]} values
 * @param {number} [resamples]
 * @returns {Estimate}
 */
export function estimateMedian(values, resamples = 4_000) {
  const medians = new Array(resamples);
  const sample = new Array(values.length);
  for (let draw = 0; draw < resamples; draw += 1) {
    for (let index = 0; index < values.length; index += 1) {
      sample[index] = values[Math.floor(Math.random() * values.length)];
    }
    medians[draw] = median(sample);
  }
  return { value: median(values), low: quantile(medians, 0.025), high: quantile(medians, 0.975) };
}

/**
 * A copy in random order.
 *
 * @template T
 * @param {readonly T[]} values
 * @returns {T[]}
 */
export function shuffle(values) {
  const shuffled = [...values];
  for (let last = shuffled.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    [shuffled[last], shuffled[other]] = [/** @type {T} */ (shuffled[other]), /** @type {T} */ (shuffled[last])];
  }
  return shuffled;
}
