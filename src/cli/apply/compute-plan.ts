import type { WantedState } from './read-wanted.ts';
import { type Fields, RESOURCE_KINDS, type ResourceKind } from './resource-kinds.ts';

export interface FieldChange {
  field: string;
  before: unknown;
  after: unknown;
}

export interface Step {
  act: 'create' | 'update' | 'delete';
  kind: ResourceKind;
  name: string;
  changes: readonly FieldChange[];
  /** What the gateway is sent. */
  body: Fields;
}

export interface Present {
  find(kind: ResourceKind, name: string): Promise<Fields | undefined>;
  list(kind: ResourceKind): Promise<readonly string[]>;
}

/**
 * What has to be done for the gateway to be as the file says, in an order that works: what others are linked to is made
 * first and deleted last. Nothing is deleted without `prune`, and then only in sections that the file has.
 */
export async function computePlan(wanted: WantedState, present: Present, prune: boolean): Promise<Step[]> {
  const steps: Step[] = [];
  for (const kind of RESOURCE_KINDS) {
    for (const { name, fields } of wanted.resources.filter((resource) => resource.kind === kind)) {
      const found = await present.find(kind, name);
      const step = found === undefined ? toCreation(kind, name, fields) : toUpdate(kind, name, fields, found);
      if (step !== null) steps.push(step);
    }
  }
  if (!prune) return steps;
  for (const kind of [...RESOURCE_KINDS].reverse().filter(({ section }) => wanted.sections.has(section))) {
    const kept = new Set(wanted.resources.filter((resource) => resource.kind === kind).map(({ name }) => name));
    for (const name of await present.list(kind)) {
      if (!kept.has(name)) steps.push({ act: 'delete', kind, name, changes: [], body: kind.remove.toBody(name) });
    }
  }
  return steps;
}

function toCreation(kind: ResourceKind, name: string, fields: Fields): Step {
  const given = Object.entries(fields).filter(([, value]) => !isNothing(value));
  const changes = given.map(([field, after]) => ({ field, before: null, after }));
  return {
    act: 'create',
    kind,
    name,
    changes,
    body: { ...kind.create.also, [kind.id]: name, ...Object.fromEntries(given) },
  };
}

function toUpdate(kind: ResourceKind, name: string, fields: Fields, found: Fields): Step | null {
  const changes = Object.entries(fields)
    .filter(([field]) => !kind.onlyAtFirst.includes(field))
    .map(([field, after]) => ({ field, before: presentValue(kind, fields, found, field), after }))
    .filter(({ field, before, after }) => !isSame(field, before, after));
  if (changes.length === 0) return null;
  const body: Record<string, unknown> = { [kind.update.id ?? kind.id]: name };
  for (const { field, after } of changes) body[field] = after;
  // Metadata is replaced as a whole: what is kept in it goes along.
  if ('metadata' in body) for (const field of kind.inMetadata) if (field in fields) body[field] = fields[field];
  return { act: 'update', kind, name, changes, body };
}

function presentValue(kind: ResourceKind, fields: Fields, found: Fields, field: string): unknown {
  const metadata = isObject(found.metadata) ? found.metadata : {};
  if (kind.inMetadata.includes(field)) return metadata[field] ?? null;
  if (field !== 'metadata') return found[field] ?? null;
  const apart = kind.inMetadata.filter((name) => name in fields);
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => !apart.includes(name)));
}

function isSame(field: string, before: unknown, after: unknown): boolean {
  if (isNothing(before) && isNothing(after)) return true;
  // Addresses are kept in lower case.
  if (field === 'user_email') return String(before).toLowerCase() === String(after).toLowerCase();
  if (field === 'model_max_budget') return isEqual(toBudgets(before), toBudgets(after));
  if (field === 'budget_limits') return isEqual(withoutResets(before), withoutResets(after));
  return isEqual(before, after);
}

/** Nothing is written in several ways: null, an empty text, list or map; and `blocked: false`, since nobody is who is not. */
function isNothing(value: unknown): boolean {
  if (value === null || value === undefined || value === '' || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function isEqual(one: unknown, other: unknown): boolean {
  if (typeof one === 'number' && typeof other === 'number') return Math.abs(one - other) < 1e-9;
  if (typeof one === 'string' && typeof other === 'string') return one === other || isMaskOf(one, other);
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return one === other;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const [left, right] = [one as Fields, other as Fields];
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].every((name) => isEqual(left[name], right[name]));
}

/** The gateway shows credentials of log destinations as a mask with their last letters. */
function isMaskOf(shown: string, text: string): boolean {
  return shown.startsWith('****') && text.endsWith(shown.slice(4));
}

/** A number, and either spelling of an amount with its window. */
function toBudgets(value: unknown): unknown {
  if (!isObject(value)) return value;
  const budgets = Object.entries(value).map(([model, budget]) => {
    if (!isObject(budget)) return [model, { amount: budget, window: null }];
    const { budget_limit: limit, max_budget: amount, time_period: period, budget_duration: duration } = budget;
    return [model, { amount: limit ?? amount, window: period ?? duration ?? null }];
  });
  return Object.fromEntries(budgets);
}

function withoutResets(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((limit) => (isObject(limit) ? { ...limit, reset_at: null } : limit));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
