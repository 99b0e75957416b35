import type { AlertEvent } from '../core/alert-event.ts';
import { toUsd } from '../core/money.ts';
import { oneLine } from '../core/one-line.ts';

/** An event in words, for people. */
export interface WordedAlert {
  title: string;
  /** What follows the title in the event's message, line by line. */
  lines: readonly string[];
  facts: readonly { label: string; value: string }[];
}

export function wordAlert(event: AlertEvent): WordedAlert {
  const [title = '', ...lines] = event.message.split('\n');
  const facts = [
    ['Key', event.keyAlias],
    ['Token', event.tokenHash],
    ['User', event.userId],
    ['E-mail', event.userEmail],
    ['Team', withAlias(event.teamId, event.teamAlias)],
    ['Organization', event.organizationId],
    ['Customer', event.customerId],
    ['Tag', event.tag],
    ['Model', event.model],
    ['Spend', event.group === 'internal_user' || isTrouble(event) ? null : formatUsd(event.spendNanoUsd)],
    ['Max budget', formatUsd(event.maxBudgetNanoUsd)],
    ['Soft budget', formatUsd(event.softBudgetNanoUsd)],
    ['Projected spend', formatUsd(event.projectedSpendNanoUsd)],
    ['Projected to be exceeded on', event.projectedExceededDate],
  ] as const;
  return {
    title,
    lines,
    facts: facts.flatMap(([label, value]) => (value == null ? [] : [{ label, value: oneLine(value) }])),
  };
}

function isTrouble({ event }: AlertEvent): boolean {
  return event === 'trouble_begun' || event === 'trouble_ended';
}

function withAlias(id: string | null, alias: string | null): string | null {
  return id === null || alias === null ? id : `${alias} (${id})`;
}

function formatUsd(nanoUsd: number | null): string | null {
  return nanoUsd === null ? null : `$${Number(toUsd(nanoUsd).toPrecision(6))}`;
}
