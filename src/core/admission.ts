/**
 * The one place that decides what a call may use up. It does not say yes: it lists, for every limit of every owner on
 * the path, what this call would take (`Charge`), and the counters grant all of it or nothing. Budgets, rates and
 * parallel slots, of keys and of whoever else has limits, are the same function over a list of owners.
 *
 * What is the same for every call of an owner is compiled once (`owner-limits.ts`), so that another limit on the path
 * costs a call little more than its line in the plan.
 */
import { type AdmissionFacts, type AdmissionPlan, type AdmissionSettings, PlanDraft } from './admission-plan.ts';
import type { BudgetCalendar } from './budget-window.ts';
import type { HeldCharge } from './charge.ts';
import type { UnknownPrice } from './denial.ts';
import { affordableOutputTokens } from './pricing.ts';

export { type AdmissionFacts, type AdmissionPlan, type AdmissionSettings, NOT_CHARGED } from './admission-plan.ts';

export function planAdmission(
  facts: AdmissionFacts,
  settings: AdmissionSettings,
  calendar: BudgetCalendar,
  nowMs: number,
): AdmissionPlan | { denial: UnknownPrice } {
  const draft = new PlanDraft(facts, settings);
  for (const { spendCounter, budgets, byModel } of facts.owners) {
    draft.addBalance(spendCounter);
    for (const budget of budgets) draft.addBudget(budget, budget.limitAt(calendar, nowMs));
    if (byModel === null) continue;
    for (const name of namesOf(facts)) {
      const ofModel = byModel.get(name)?.budget ?? null;
      if (ofModel !== null) draft.addBudget(ofModel, ofModel.limitAt(calendar, nowMs));
    }
  }
  if (draft.denial !== null) return { denial: draft.denial };
  // Rates after budgets: a call that is over both is told about the budget, which waiting a minute does not mend.
  for (const { slots, requests, tokens, byModel, byTag } of facts.owners) {
    if (slots !== null) draft.addSlot(slots);
    if (requests !== null) draft.addRequest(requests);
    if (tokens !== null) draft.addTokens(tokens);
    if (byModel !== null) {
      const ofModels = namesOf(facts).map((name) => byModel.get(name));
      for (const limits of ofModels) if (limits?.requests) draft.addRequest(limits.requests);
      for (const limits of ofModels) if (limits?.tokens) draft.addTokens(limits.tokens);
    }
    if (byTag === null) continue;
    for (const tag of facts.tags) {
      const ofTag = byTag.get(tag);
      if (ofTag !== undefined) draft.addTaggedRequest(ofTag);
    }
  }
  return draft.finish();
}

/** Limits of a model hold under every name that it is called by. */
function namesOf({ model, otherNames }: AdmissionFacts): readonly string[] {
  return otherNames.length === 0 ? [model] : [model, ...otherNames];
}

/** What a hard budget's grant pays for: output tokens per answer. Null when nothing has to be cut. */
export function planOutputCut(
  plan: AdmissionPlan,
  held: readonly HeldCharge[],
  facts: AdmissionFacts,
): { maxTokens: number; lowered: boolean } | null {
  if (plan.hardOutput === null || facts.price === null || !facts.estimate.producesOutput) return null;
  let maxTokens = plan.hardOutput.maxTokens;
  for (const { charge, granted } of held) {
    if (charge.unit !== 'nano_usd' || granted >= charge.amount) continue;
    maxTokens = Math.min(
      maxTokens,
      affordableOutputTokens(granted, facts.estimate.maxInputTokens, facts.estimate.choices, facts.price),
    );
  }
  const lowered = maxTokens < plan.hardOutput.maxTokens;
  return lowered || !plan.hardOutput.boundedByUpstream ? { maxTokens, lowered } : null;
}
