import type { JsonBytes } from '../core/json-bytes.ts';
import { writeBalances } from '../core/record-row.ts';
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

const OPEN = 0x5b;
const COMMA = 0x2c;
const CLOSE = 0x5d;

/** An intent as the bare list of its values, as JSON; spelled out for the same reason as a record's row. */
export function writeIntentRow(out: JsonBytes, intent: CallIntent): void {
  out.byte(OPEN);
  out.text(intent.requestId);
  out.byte(COMMA);
  out.number(intent.startedAtMs);
  out.byte(COMMA);
  out.name(intent.callType);
  out.byte(COMMA);
  out.name(intent.keyId);
  out.byte(COMMA);
  out.name(intent.keyHash);
  out.byte(COMMA);
  out.name(intent.keyAlias);
  out.byte(COMMA);
  out.name(intent.userId);
  out.byte(COMMA);
  out.name(intent.teamId);
  out.byte(COMMA);
  out.name(intent.organizationId);
  out.byte(COMMA);
  out.name(intent.endUser);
  out.byte(COMMA);
  out.names(intent.tags);
  out.byte(COMMA);
  out.name(intent.model);
  out.byte(COMMA);
  out.name(intent.modelGroup);
  out.byte(COMMA);
  out.boolean(intent.stream);
  out.byte(COMMA);
  out.name(intent.sourceIp);
  out.byte(COMMA);
  writeBalances(out, intent.balances);
  out.byte(COMMA);
  out.number(intent.heldNanoUsd);
  out.byte(CLOSE);
}

export function fromIntentRow(row: readonly unknown[]): CallIntent {
  return Object.fromEntries(FIELDS.map((field, index) => [field, row[index]])) as unknown as CallIntent;
}
