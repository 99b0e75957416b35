import { namesText, numberText, quote, quoteName } from '../core/json-text.ts';
import { balancesText } from '../core/record-row.ts';
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

/** An intent as the bare list of its values, as JSON; spelled out for the same reason as a record's row. */
export function writeIntentRow(intent: CallIntent): string {
  return (
    `[${quote(intent.requestId)},${numberText(intent.startedAtMs)},${quoteName(intent.callType)},` +
    `${quoteName(intent.keyId)},${quoteName(intent.keyHash)},${quoteName(intent.keyAlias)},` +
    `${quoteName(intent.userId)},${quoteName(intent.teamId)},${quoteName(intent.organizationId)},` +
    `${quoteName(intent.endUser)},${namesText(intent.tags)},${quoteName(intent.model)},` +
    `${quoteName(intent.modelGroup)},${intent.stream},${quoteName(intent.sourceIp)},` +
    `${balancesText(intent.balances)},${numberText(intent.heldNanoUsd)}]`
  );
}

export function fromIntentRow(row: readonly unknown[]): CallIntent {
  return Object.fromEntries(FIELDS.map((field, index) => [field, row[index]])) as unknown as CallIntent;
}
