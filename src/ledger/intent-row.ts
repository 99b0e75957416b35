import type { CallIntent } from '../core/spend-record.ts';

/** The order is the format of journals on disk: new fields go to the end, and none is ever taken out. */
const FIELDS: readonly (keyof CallIntent)[] = [
  'requestId',
  'startedAtMs',
  'callType',
  'keyId',
  'keyHash',
  'keyAlias',
  'userId',
  'teamId',
  'organizationId',
  'endUser',
  'tags',
  'model',
  'modelGroup',
  'stream',
  'sourceIp',
  'balances',
  'heldNanoUsd',
];

/** An intent as the bare list of its values, spelled out for the same reason as a record's row. */
export function toIntentRow(intent: CallIntent): readonly unknown[] {
  return [
    intent.requestId,
    intent.startedAtMs,
    intent.callType,
    intent.keyId,
    intent.keyHash,
    intent.keyAlias,
    intent.userId,
    intent.teamId,
    intent.organizationId,
    intent.endUser,
    intent.tags,
    intent.model,
    intent.modelGroup,
    intent.stream,
    intent.sourceIp,
    intent.balances,
    intent.heldNanoUsd,
  ];
}

export function fromIntentRow(row: readonly unknown[]): CallIntent {
  return Object.fromEntries(FIELDS.map((field, index) => [field, row[index]])) as unknown as CallIntent;
}
