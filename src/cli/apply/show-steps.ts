import { showText } from '../format-value.ts';
import type { Step } from './compute-plan.ts';

const SIGNS = { create: '+', update: '~', delete: '-' } as const;

/** `~ key ci` and a line for each field, before → after. */
export function showSteps(steps: readonly Step[]): string {
  return steps.flatMap((step) => [showStep(step), ...step.changes.map(showChange)]).join('\n');
}

export function showStep({ act, kind, name }: Step): string {
  return `${SIGNS[act]} ${kind.noun} ${showText(name)}`;
}

function showChange({ field, before, after }: Step['changes'][number]): string {
  return `    ${field}: ${showText(before)} → ${showText(after)}`;
}

/** `2 to create, 1 to update, 0 to delete`. */
export function countSteps(steps: readonly Step[]): string {
  const count = (act: Step['act']): number => steps.filter((step) => step.act === act).length;
  return `${count('create')} to create, ${count('update')} to update, ${count('delete')} to delete`;
}

export function toStepJson({ act, kind, name, changes }: Step) {
  return { act, kind: kind.noun, name, changes };
}
