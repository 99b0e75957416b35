/** `latchkey import`: what another installation knows, taken over into this one's database. No gateway has to run. */
import { existsSync, mkdirSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import { parseDeployment } from '../config/parse-deployment.ts';
import { findSaltKeys, getSaltKeys } from '../config/salt-file.ts';
import { createAuditSeal } from '../core/audit-seal.ts';
import { createBudgetCalendar } from '../core/budget-window.ts';
import type { JsonObject } from '../core/json.ts';
import type { SaltKeys } from '../core/salt-keys.ts';
import { sealContext } from '../core/sealed-texts.ts';
import { isReference, mapSecrets } from '../core/secret-fields.ts';
import { spendCounter } from '../core/spend-counter.ts';
import { takeOverExport } from '../management/takeover/take-over-export.ts';
import { type TakeoverReport, takeOverLitellm } from '../management/takeover/take-over-litellm.ts';
import type { ModelTakeover, TakeoverTarget } from '../management/takeover/takeover.ts';
import { readAuditEndAside } from '../storage/audit/verify-audit.ts';
import { openStorage } from '../storage/open-storage.ts';
import { createKnownRows } from '../storage/takeover/known-rows.ts';
import { readLitellm } from '../storage/takeover/litellm-source.ts';
import { lookAtKnown } from '../storage/takeover/look-at-known.ts';
import { databasePasswordOf, databaseUrlOf } from './database-url.ts';
import { openAside } from './installation.ts';
import type { LitellmAddress } from './litellm-address.ts';
import { createLitellmOpener } from './litellm-secret.ts';
import { newId } from './new-id.ts';
import { createDestinationBox, createSecretBox, type SecretBox } from './secret-box.ts';

export { parseLitellmAddress } from './litellm-address.ts';

export interface TakeoverOptions {
  from: LitellmAddress;
  dryRun: boolean;
  /** What LiteLLM has sealed its models' credentials with; null: not known. */
  litellmKey: string | null;
}

/** Throws database_unavailable for whichever database does not answer: `from` it is while `source.reached` is false. */
export async function takeOverFromLitellm(
  config: Config,
  { from, dryRun, litellmKey }: TakeoverOptions,
  source: { reached: boolean },
): Promise<TakeoverReport> {
  return readLitellm(from, async (database) => {
    source.reached = true;
    return withTarget(config, { dryRun, litellmKey }, (target) => takeOverLitellm({ ...target, source: database }));
  });
}

/** The lines of what `latchkey export` wrote. Throws bad_request, naming the line, for what is no such thing. */
export async function takeOverFromExport(
  config: Config,
  lines: AsyncIterable<string>,
  dryRun: boolean,
): Promise<TakeoverReport> {
  return withTarget(config, { dryRun, litellmKey: null }, (target) => takeOverExport(target, lines));
}

type Work = (target: TakeoverTarget) => Promise<TakeoverReport>;

async function withTarget(
  config: Config,
  { dryRun, litellmKey }: Pick<TakeoverOptions, 'dryRun' | 'litellmKey'>,
  work: Work,
): Promise<TakeoverReport> {
  const calendar = createBudgetCalendar({
    timeZone: config.general.budgetTimeZone,
    weekStart: config.general.weekStart,
  });
  const build = (parts: Pick<TakeoverTarget, 'known' | 'transact'>, boxes: Boxes | null): TakeoverTarget => ({
    ...parts,
    models: buildModels(config, boxes?.models ?? null, litellmKey),
    // What is only tried out is written nowhere.
    sealSecret: boxes?.destinations.seal ?? ((text) => text),
    nowMs: Date.now,
    newId,
    spendCounter: (ref, windows, atMs, model) => spendCounter(calendar, ref, windows, atMs, model),
    windowEndMs: (duration, atMs) => calendar.windowAt(duration, atMs).endMs,
    proxyWindows: { budgetDuration: config.general.budgetDuration, modelMaxBudget: {} },
  });
  if (dryRun) return tryOut(config, (parts, boxes) => work(build(parts, boxes)));
  mkdirSync(config.server.dataDir, { recursive: true, mode: 0o700 });
  const salts = await getSaltKeys(config);
  await assertOwnSalt(config, salts);
  const storage = await openAside(config);
  try {
    const parts = { known: createKnownRows(storage.reads), transact: storage.transact };
    return await work(build(parts, createBoxes(salts)));
  } finally {
    await storage.close();
  }
}

/** One for each kind of credential that is taken over. */
interface Boxes {
  models: SecretBox;
  destinations: SecretBox;
}

function createBoxes(salts: SaltKeys): Boxes {
  return { models: createSecretBox(salts, 'models'), destinations: createDestinationBox(salts) };
}

/** Sealed under another salt key, models and audit rows would be worthless to the gateway. */
async function assertOwnSalt(config: Config, { current, earlier }: SaltKeys): Promise<void> {
  const url = databaseUrlOf(config);
  if (config.databaseUrl === null && !existsSync(url)) return;
  const end = await readAuditEndAside(url, databasePasswordOf(config));
  if (end != null && createAuditSeal(current, earlier).isForeign(end.mac)) throw new ForeignSalt();
}

/** Thrown before anything is written. */
class ForeignSalt extends Error {
  constructor() {
    super(
      "This database was made under another salt key than the one that is set now: run the import with the gateway's own (LATCHKEY_SALT_KEY, or salt.key in the data directory), and give LiteLLM's with --litellm-key-file.",
    );
  }
}

/** Without a database of this version there is nothing that anything could run into: an empty one stands in for it. */
async function tryOut(
  config: Config,
  run: (parts: Pick<TakeoverTarget, 'known' | 'transact'>, boxes: Boxes | null) => Promise<TakeoverReport>,
): Promise<TakeoverReport> {
  const url = databaseUrlOf(config);
  const salts = await findSaltKeys(config);
  const boxes = salts === null ? null : createBoxes(salts);
  if (config.databaseUrl !== null || existsSync(url)) {
    const report = await lookAtKnown(url, (known) => run({ known, transact: null }, boxes), databasePasswordOf(config));
    if (report !== null) return report;
  }
  const empty = await openStorage({ url: ':memory:', nowMs: Date.now, poolSize: 1 });
  try {
    return await run({ known: createKnownRows(empty.reads), transact: null }, boxes);
  } finally {
    await empty.close();
  }
}

function buildModels(config: Config, box: SecretBox | null, litellmKey: string | null): ModelTakeover {
  const configured = new Set(config.deployments.map(({ id }) => id));
  return {
    isConfigured: (id) => configured.has(id),
    check({ id, modelName, params, info }) {
      const entry = { model_name: modelName, litellm_params: params, model_info: { ...info, id } };
      const parsed = parseDeployment(entry, config.variables);
      if (parsed.kind === 'deployment') return { problem: null, unsupported: parsed.unsupported };
      return { problem: { param: parsed.param, message: parsed.message }, unsupported: [] };
    },
    seal: (record) => ({
      ...record,
      params: mapSecrets(record.params, (text, path) =>
        isReference(text) || box === null ? text : box.seal(text, sealContext(record.id, path)),
      ),
    }),
    unseal: ({ id, params }) => unseal(id, params, box),
    open: createLitellmOpener(litellmKey),
  };
}

/** What is in clear stays as it is. */
function unseal(id: string, params: JsonObject, box: SecretBox | null): JsonObject | null {
  let complete = true;
  const opened = mapSecrets(params, (text, path) => {
    if (!text.startsWith('sealed:')) return text;
    const clear = box?.open(text, sealContext(id, path)) ?? null;
    complete &&= clear !== null;
    return clear ?? '';
  });
  return complete ? opened : null;
}
