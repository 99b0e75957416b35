import type { Config } from '../config/config.ts';
import { type ParsedDeployment, parseDeployment } from '../config/parse-deployment.ts';
import { SEALED } from '../core/callback-secrets.ts';
import type { Deployment } from '../core/model.ts';
import type { ModelRecord } from '../core/model-record.ts';
import { createModelIndex, type ModelIndex } from '../core/routing.ts';
import { sealContext } from '../core/sealed-texts.ts';
import { isReference, mapSecrets } from '../core/secret-fields.ts';
import type { OwnerReaders } from '../storage/owners/owner-storage.ts';
import type { SecretBox } from './secret-box.ts';

/** Every deployment there is at the moment: those of the configuration, then those that were added since. */
export interface ModelCatalog {
  /** Stays the same object; what it answers is always of the newest state that was read. */
  index: ModelIndex;
  deployments(): readonly Deployment[];
  isConfigured(id: string): boolean;
  /** Reads what was added; those who ask while it is read wait for a reading that begins after their question. */
  refresh(): Promise<void>;
  /** Puts another configuration's models and aliases in force, at once. What was added stays. */
  replace(config: CatalogConfig): void;
  parse(record: Pick<ModelRecord, 'id' | 'modelName' | 'params' | 'info'>): ParsedDeployment;
}

type CatalogConfig = Pick<Config, 'deployments' | 'modelGroupAliases' | 'variables'>;

/** More models than anybody adds; beyond it the oldest are left out. */
const MAX_MODELS = 10_000;

export function createModelCatalog(first: CatalogConfig, models: OwnerReaders['models'], box: SecretBox): ModelCatalog {
  let config = first;
  let added: readonly ModelRecord[] = [];
  let configured: ReadonlySet<string>;
  let deployments: readonly Deployment[];
  let current: ModelIndex;
  let reading: Promise<void> = Promise.resolve();
  build();

  function parse({ id, modelName, params, info }: Parameters<ModelCatalog['parse']>[0]): ParsedDeployment {
    const entry = { model_name: modelName, litellm_params: params, model_info: { ...info, id } };
    return parseDeployment(entry, config.variables);
  }

  function toDeployment(record: ModelRecord): Deployment[] {
    let sealed = false;
    const params = mapSecrets(record.params, (text, path) => {
      // Under some names credentials were once kept in clear.
      if (isReference(text) || !text.startsWith(SEALED)) return text;
      const opened = box.open(text, sealContext(record.id, path));
      sealed ||= opened === null;
      return opened ?? '';
    });
    const parsed = parse({ ...record, params });
    if (parsed.kind === 'problem') return [];
    const { deployment } = parsed;
    const unavailable = sealed
      ? 'Its credentials were sealed with another salt key. Update the model with its api_key.'
      : deployment.unavailable;
    return [{ ...deployment, unavailable, info: { ...deployment.info, db_model: true } }];
  }

  async function read(): Promise<void> {
    const { records } = await models.list({
      scope: 'all',
      sortBy: 'createdAtMs',
      sortOrder: 'asc',
      limit: MAX_MODELS,
      offset: 0,
    });
    added = records;
    build();
  }

  function build(): void {
    configured = new Set(config.deployments.map(({ id }) => id));
    deployments = [...config.deployments, ...added.flatMap(toDeployment)];
    current = createModelIndex(deployments, config.modelGroupAliases);
  }

  return {
    index: {
      resolve: (name) => current.resolve(name),
      names: () => current.names(),
      aliasTargetOf: (name) => current.aliasTargetOf(name),
      accessGroupsOf: (name) => current.accessGroupsOf(name),
    },
    deployments: () => deployments,
    isConfigured: (id) => configured.has(id),
    refresh() {
      const next = reading.then(read);
      reading = next.catch(() => {});
      return next;
    },
    replace(next) {
      config = next;
      build();
    },
    parse,
  };
}
