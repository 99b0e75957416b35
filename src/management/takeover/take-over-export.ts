/** An export of ours, taken in: the same installation elsewhere, without its secrets. */
import { systemActor } from '../../core/audit.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { EXPORT_VERSION, PORTABLE_KINDS, type PortableKind } from '../../core/portable-record.ts';
import { createPortableSteps } from './portable-steps.ts';
import { takeBalances } from './take-balances.ts';
import type { TakeoverReport } from './take-over-litellm.ts';
import { takeBatch } from './take-table.ts';
import type { TakeoverTarget } from './takeover.ts';
import { emptyReport, type TableReport } from './takeover-report.ts';

const BATCH = 500;

/**
 * Takes in the lines of an export, whatever order they are in; records that are here already stay as they are. A batch is one
 * transaction with its audit rows. Throws bad_request for a file that is none, or of a form that this version does not
 * know, naming the line; what came before it is kept.
 */
export async function takeOverExport(deps: TakeoverTarget, lines: AsyncIterable<string>): Promise<TakeoverReport> {
  const actor = systemActor('latchkey import', deps.newId('import_'));
  const steps = createPortableSteps(deps, actor);
  const reports = new Map<PortableKind, TableReport>();
  for await (const [kind, batch] of toBatches(lines)) {
    const report = reports.get(kind) ?? emptyReport(kind);
    reports.set(kind, report);
    if (kind === 'balance') await takeBalances(deps, actor, batch, report);
    else
      await takeBatch(
        deps,
        steps[kind],
        batch.map((values) => ({ values, place: 1 })),
        report,
      );
  }
  return { dryRun: deps.transact === null, tables: [...reports.values()], otherTables: [] };
}

async function* toBatches(lines: AsyncIterable<string>): AsyncGenerator<[PortableKind, JsonObject[]]> {
  let number = 0;
  let kind: PortableKind | null = null;
  let batch: JsonObject[] = [];
  for await (const text of lines) {
    number += 1;
    if (text === '') continue;
    const values = parseLine(text, number);
    if (number === 1) {
      assertHeader(values);
      continue;
    }
    const { kind: given, ...rest } = values;
    const known = PORTABLE_KINDS.find((name) => name === given);
    if (known === undefined) throw notExported(number, 'is of a kind that this version does not know');
    if (kind !== null && (known !== kind || batch.length === BATCH)) {
      yield [kind, batch];
      batch = [];
    }
    kind = known;
    batch.push(rest);
  }
  if (number === 0) throw notExported(1, 'is missing: the file is empty');
  if (kind !== null) yield [kind, batch];
}

function parseLine(text: string, number: number): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw notExported(number, 'is no JSON');
  }
  if (!isJsonObject(value)) throw notExported(number, 'is no JSON object');
  return value;
}

function assertHeader(values: JsonObject): void {
  const { kind, version } = values;
  if (kind !== 'latchkey_export' || typeof version !== 'number') throw notExported(1, 'is not the head of an export');
  if (version !== EXPORT_VERSION) {
    throw notExported(1, `says form ${version}, and this version of Latchkey reads form ${EXPORT_VERSION} only`);
  }
}

function notExported(line: number, what: string): GatewayError {
  return new GatewayError('bad_request', `Line ${line} ${what}. What stands before it is taken in.`);
}
