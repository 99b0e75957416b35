import type { Actor } from '../../core/audit.ts';
import type { ModelRecord } from '../../core/model-record.ts';
import { maskModel } from '../models/mask-model.ts';
import { buildOwnerAudit } from '../owners/owner-audit.ts';
import { mapModel } from './map-model.ts';
import { namedStep } from './owner-steps.ts';
import type { TableStep } from './take-table.ts';
import type { TakeoverTarget } from './takeover.ts';

/** How models are taken over: their credentials are opened with LiteLLM's key and sealed with this installation's. */
export function modelStep(deps: TakeoverTarget, actor: Actor): TableStep<ModelRecord> {
  const { models } = deps;
  const table = 'LiteLLM_ProxyModelTable';
  const named = namedStep(deps, actor, {
    table,
    key: 'model_id',
    reader: deps.known.owners.models,
    writer: (unit) => unit.models,
  });
  return {
    ...named,
    map: (row, _, id) => mapModel(row, id, deps.nowMs(), models),
    async settle(drafts) {
      for (const { id, row } of drafts) {
        if (models.isConfigured(id)) row.note('model_id', 'is a model of the configuration file here', 'conflict');
      }
    },
    comparable(record) {
      // What comes from there is in clear; what is here is sealed, each time in another way.
      const params = models.unseal(record);
      return params === null ? null : { ...record, params };
    },
    insert: (unit, record) => unit.models.insert(models.seal(record)),
    audit: (record) =>
      buildOwnerAudit(deps, actor, deps.nowMs(), {
        action: 'created',
        table,
        objectId: record.id,
        before: null,
        after: maskModel(record),
      }),
  };
}
