/** /tag/*: bodies, and the row that answers. */
import { z } from 'zod';
import type { JsonObject } from '../../core/json.ts';
import { toUsd } from '../../core/money.ts';
import type { TagList } from '../../management/tags/get-tags.ts';
import type { TagFields, TagView } from '../../management/tags/tag-management.ts';
import { OpenObject, Texts } from './key-shapes.ts';
import { LIMIT_SHAPE, type LimitClock, toLimitFields } from './limit-fields.ts';
import { fromOwnerView } from './owner-row.ts';

const SHAPE = {
  name: z.string().describe('What calls, keys and teams carry in their tags.'),
  description: z.string().nullish(),
  models: Texts.nullish().describe('Stored and returned; not acted on in this release.'),
  budget_id: z.string().nullish().describe('A row of /budget/new.'),
  metadata: OpenObject.nullish(),
  ...LIMIT_SHAPE,
};

export const TagBody = z.looseObject(SHAPE);
export const TagDeleteBody = z.looseObject({ name: z.string() });
export const TagInfoBody = z.looseObject({ names: z.array(z.string()).max(1_000) });
export const TAG_NAMES = Object.keys(SHAPE);

const TagRow = z.looseObject({ name: z.string(), description: z.string().nullable(), spend: z.number() });
export const TagReply = z.object({ message: z.string(), tag: TagRow });
export const TagDeleteReply = z.object({ message: z.string() });
export const TagRows = z.array(TagRow);
export const TagInfoReply = z.record(z.string(), TagRow);

export function toTagFields(body: z.output<typeof TagBody>): TagFields {
  return {
    description: body.description,
    models: body.models,
    budgetId: body.budget_id === '' ? null : body.budget_id,
    metadata: body.metadata as JsonObject | null | undefined,
    limits: toLimitFields(body),
  };
}

export function fromTag(view: TagView, clock: LimitClock): z.output<typeof TagRow> {
  const { record } = view;
  const row = fromOwnerView(view, clock);
  return { ...row, spend: row.spend, name: record.id, description: record.description };
}

/** Tags that only calls know are listed as LiteLLM lists them: by name, with the days of their first and last call. */
export function fromTagList({ registered, dynamic }: TagList, clock: LimitClock): z.output<typeof TagRows> {
  return [
    ...registered.map((view) => fromTag(view, clock)),
    ...dynamic.map(({ tag, spendNanoUsd, firstDay, lastDay }) => ({
      name: tag,
      description: 'This is just a spend tag that was passed dynamically in a request.',
      spend: toUsd(spendNanoUsd),
      models: null,
      created_at: `${firstDay}T00:00:00.000Z`,
      updated_at: `${lastDay}T00:00:00.000Z`,
      created_by: null,
      litellm_budget_table: null,
    })),
  ];
}
