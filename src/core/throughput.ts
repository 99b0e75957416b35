/**
 * Guaranteed throughput: the rates of a key that says so must fit, together with those of all other keys there, into what
 * its team and its organisation may use up. Keys of another type are counted, since what they use is gone as well, and are
 * never refused.
 */
import { GatewayError } from './gateway-error.ts';
import type { KeyRecord } from './key.ts';
import { COUNT_LIMITS, COUNT_LIMITS_BY_MODEL, type Limits } from './limits.ts';

/** `rpm_limit_type` and `tpm_limit_type` of a key. `dynamic` and the best effort are the same here: every limit holds. */
export const LIMIT_TYPES = ['guaranteed_throughput', 'best_effort_throughput', 'dynamic'] as const;

/** Where a key says of which type its limits are, in its metadata, and which limits these are. */
const UNITS = [
  { type: 'rpm_limit_type', unit: 'RPM', whole: COUNT_LIMITS[0], byModel: COUNT_LIMITS_BY_MODEL[0] },
  { type: 'tpm_limit_type', unit: 'TPM', whole: COUNT_LIMITS[1], byModel: COUNT_LIMITS_BY_MODEL[1] },
] as const;

export const LIMIT_TYPE_FIELDS = UNITS.map(({ type }) => type);

/** Requests and tokens per minute, as a whole and by model. */
export type Rates = Pick<Limits, 'rpmLimit' | 'tpmLimit' | 'modelRpmLimit' | 'modelTpmLimit'>;

/** Which rate of the keys of an owner is summed up. `model`: that of this model; null: that of the key as a whole. */
export interface RateSum {
  unit: 'RPM' | 'TPM';
  model: string | null;
}

/** A rate that a key is to be guaranteed. */
export interface RateClaim extends RateSum {
  amount: number;
  /** The field that says it. */
  param: string;
}

/** A key, and the rates that hold for it: its own, and those of its budget row where it says nothing. */
export interface RatedKey {
  key: Pick<KeyRecord, 'metadata' | 'teamId' | 'organizationId' | 'expiresAtMs'>;
  rates: Rates;
}

/** Whether any limit of the key is to be guaranteed: of most keys none is, and nothing has to be looked up for them. */
export function isGuaranteed({ metadata }: Pick<KeyRecord, 'metadata'>): boolean {
  return UNITS.some(({ type }) => metadata[type] === LIMIT_TYPES[0]);
}

/**
 * What a key (null: there was none) claims by becoming another one. What it was guaranteed in the same place already is no
 * claim, so that it can be made less, and changed otherwise, where its team has been given less since.
 */
export function findClaims(before: RatedKey | null, next: RatedKey, nowMs: number): RateClaim[] {
  const had = before !== null && isSamePlace(before, next) ? listRates(before, nowMs) : [];
  return listRates(next, nowMs).filter(({ unit, model, amount }) => {
    const earlier = had.find((rate) => rate.unit === unit && rate.model === model);
    return earlier === undefined || earlier.amount < amount;
  });
}

function isSamePlace({ key: before }: RatedKey, { key: next }: RatedKey): boolean {
  return before.teamId === next.teamId && before.organizationId === next.organizationId;
}

/** The rates that are guaranteed; of a key that has expired none. */
function listRates({ key, rates }: RatedKey, nowMs: number): RateClaim[] {
  if (key.expiresAtMs !== null && key.expiresAtMs <= nowMs) return [];
  return UNITS.filter(({ type }) => key.metadata[type] === LIMIT_TYPES[0]).flatMap(({ unit, whole, byModel }) => {
    const amount = rates[whole[0]];
    const models = Object.entries(rates[byModel[0]]);
    return [
      ...(amount === null ? [] : [{ unit, model: null, amount, param: whole[1] }]),
      ...models.map(([model, perModel]) => ({ unit, model, amount: perModel, param: byModel[1] })),
    ];
  });
}

/** Whether a claim can be refused by an owner with these rates at all. */
export function isBounded(claim: RateClaim, rates: Rates): boolean {
  return ceilingsOf(claim, rates).length > 0;
}

/**
 * Throws bad_request (400) that names the field, in LiteLLM's words, where a claim does not fit. `allocated`: what all other
 * keys of that owner have of the same rate.
 */
export function assertFits(
  claim: RateClaim,
  allocated: number,
  owner: { kind: 'team' | 'organization'; rates: Rates },
): void {
  const { unit, model, amount, param } = claim;
  const ceiling = ceilingsOf(claim, owner.rates).find((limit) => allocated + amount > limit);
  if (ceiling === undefined) return;
  throw new GatewayError(
    'bad_request',
    `Allocated ${unit} limit=${allocated} + Key ${unit} limit=${amount} is greater than ${owner.kind} ${unit} limit=${ceiling}` +
      `${model === null ? '' : ` for model=${model}`}. ${Math.max(0, ceiling - allocated)} is left to be guaranteed: lower ` +
      `${param} of this key or of others, or raise the limit of the ${owner.kind}.`,
    { param },
  );
}

/** A rate for one model is a part of the whole as well. */
function ceilingsOf({ unit, model }: RateClaim, rates: Rates): number[] {
  const [whole, byModel] =
    unit === 'RPM' ? [rates.rpmLimit, rates.modelRpmLimit] : [rates.tpmLimit, rates.modelTpmLimit];
  const ofModel = model !== null && Object.hasOwn(byModel, model) ? byModel[model] : undefined;
  return [whole, ofModel].filter((limit) => limit !== null && limit !== undefined);
}
