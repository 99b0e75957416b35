import { describe, expect, test } from 'vitest';
import { GatewayError } from './gateway-error.ts';
import { assertFits, findClaims, isBounded, isGuaranteed, type RateClaim, type RatedKey } from './throughput.ts';

const NOW_MS = 1_000;
const NO_RATES = { rpmLimit: null, tpmLimit: null, modelRpmLimit: {}, modelTpmLimit: {} };

function rated(metadata: object, rates: Partial<RatedKey['rates']> = {}, key: Partial<RatedKey['key']> = {}): RatedKey {
  return {
    key: { metadata: { ...metadata }, teamId: 't', organizationId: null, expiresAtMs: null, ...key },
    rates: { ...NO_RATES, ...rates },
  };
}
const RPM = { rpm_limit_type: 'guaranteed_throughput' };
const TPM = { tpm_limit_type: 'guaranteed_throughput' };
const rpm = (amount: number, model: string | null = null): RateClaim => {
  return { unit: 'RPM', model, amount, param: model === null ? 'rpm_limit' : 'model_rpm_limit' };
};

describe('a key claims', () => {
  const all = { rpmLimit: 5, tpmLimit: 50, modelRpmLimit: { a: 1 }, modelTpmLimit: { b: 2 } };

  test.each([
    [
      'nothing of another type',
      rated({ rpm_limit_type: 'dynamic', tpm_limit_type: 'best_effort_throughput' }, all),
      [],
    ],
    ['nothing without a type', rated({}, all), []],
    ['its requests, as a whole and by model', rated(RPM, all), [rpm(5), rpm(1, 'a')]],
    ['its tokens', rated(TPM, { tpmLimit: 50 }), [{ unit: 'TPM', model: null, amount: 50, param: 'tpm_limit' }]],
    ['nothing that it does not limit', rated(RPM), []],
    ['nothing once it has expired', rated(RPM, all, { expiresAtMs: NOW_MS }), []],
    ['all until then', rated(RPM, { rpmLimit: 5 }, { expiresAtMs: NOW_MS + 1 }), [rpm(5)]],
  ])('%s', (_name, key, claims) => {
    expect(findClaims(null, key, NOW_MS)).toEqual(claims);
  });

  test.each([
    ['no more of what it had', rated(RPM, { rpmLimit: 5 }), []],
    ['nothing by less', rated(RPM, { rpmLimit: 9 }), []],
    ['the whole by more', rated(RPM, { rpmLimit: 4 }), [rpm(5)]],
    ['the whole by a guarantee that it did not have', rated({}, { rpmLimit: 5 }), [rpm(5)]],
    ['the whole in another team', rated(RPM, { rpmLimit: 5 }, { teamId: 'u' }), [rpm(5)]],
    ['the whole in another organisation', rated(RPM, { rpmLimit: 5 }, { organizationId: 'o' }), [rpm(5)]],
    ['the whole by coming back to life', rated(RPM, { rpmLimit: 5 }, { expiresAtMs: 1 }), [rpm(5)]],
  ])('%s, when it is changed', (_name, before, claims) => {
    expect(findClaims(before, rated(RPM, { rpmLimit: 5 }), NOW_MS)).toEqual(claims);
  });

  test('nothing that has to be looked up, where no type says so', () => {
    expect([{}, { rpm_limit_type: 'dynamic' }, TPM].map((metadata) => isGuaranteed({ metadata }))).toEqual([
      false,
      false,
      true,
    ]);
  });
});

describe('a claim fits', () => {
  const owner = (rates: object) => ({ kind: 'team' as const, rates: { ...NO_RATES, ...rates } });
  const refusal = (claim: RateClaim, allocated: number, rates: object): string | null => {
    try {
      assertFits(claim, allocated, owner(rates));
      return null;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      expect(error).toMatchObject({ status: 400, param: claim.param });
      return error.message;
    }
  };

  test('up to the limit and not beyond it, in LiteLLM’s words and with what is left', () => {
    expect(refusal(rpm(100), 900, { rpmLimit: 1000 })).toBeNull();
    expect(refusal(rpm(200), 900, { rpmLimit: 1000 })).toMatch(
      /^Allocated RPM limit=900 \+ Key RPM limit=200 is greater than team RPM limit=1000\. 100 is left/,
    );
    expect(refusal(rpm(1), 1200, { rpmLimit: 1000 })).toContain('0 is left');
  });

  test('where a limit is 0, nothing does; where there is none, everything', () => {
    expect(refusal(rpm(1), 0, { rpmLimit: 0 })).not.toBeNull();
    expect(refusal(rpm(1e9), 1e9, {})).toBeNull();
    expect(isBounded(rpm(1), NO_RATES)).toBe(false);
  });

  test('of a model into the limit for that model and into the whole', () => {
    const rates = { rpmLimit: 50, modelRpmLimit: { a: 10 } };
    expect(refusal(rpm(10, 'a'), 0, rates)).toBeNull();
    expect(refusal(rpm(10, 'a'), 1, rates)).toContain('is greater than team RPM limit=10 for model=a');
    expect(refusal(rpm(50, 'b'), 1, rates)).toContain('is greater than team RPM limit=50 for model=b');
    expect(refusal(rpm(50, 'constructor'), 0, { modelRpmLimit: { a: 1 } })).toBeNull();
  });
});
