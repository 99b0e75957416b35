/** Which models there are for this caller, from the configuration and added since. */
import { z } from 'zod';
import type { Caller } from '../../core/caller.ts';
import type { Asking } from '../../core/caller-models.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { endUserOf } from '../answer-call.ts';
import type { App } from '../app-instance.ts';
import {
  type DeploymentView,
  fromDeployment,
  fromModelGroup,
  ModelGroupList,
  ModelInfoList,
  ModelInfoPage,
} from '../schemas/deployment.ts';
import { LaxBoolean } from '../schemas/key-shapes.ts';
import { AccessGroup, AccessGroups, fromAccessGroups } from '../schemas/model-access-group.ts';
import { fromModelName, ModelEntry, ModelList } from '../schemas/model-list.ts';

export interface ModelRoutesDeps {
  /** The operator's own header for the end user, in lower case; null: none. */
  endUserHeaders: readonly string[];
  /** The same on behalf of a customer, who may have a list of its own. */
  askOnBehalf(asking: Asking, endUser: string): Promise<Asking>;
  /** The names that this caller may ask for. */
  listModels(asking: Asking): readonly string[];
  /** Whether this caller may call that model, which a wildcard may stand for. */
  isCallable(asking: Asking, name: string): boolean;
  /** The access groups that it may name in the place of models. */
  listAccessGroups(asking: Asking): readonly string[];
  /** A team as if it called by itself, with no lists but its own. Throws team_not_found, forbidden. */
  askAsTeam(caller: Caller, teamId: string): Promise<Asking>;
  /** What serves those names. */
  listDeployments(caller: Caller): readonly DeploymentView[];
}

const LISTS = ['/models', '/v1/models', '/openai/models', '/openai/v1/models'] as const;
const INFOS = ['/model/info', '/v1/model/info'] as const;
const ModelsQuery = z.object({
  include_model_access_groups: LaxBoolean.optional().describe('The access groups that the key may name, too.'),
  only_model_access_groups: LaxBoolean.optional().describe('Those access groups and no models.'),
  team_id: z.string().optional().describe('What this team may call, instead of this key. Empty: as if it were absent.'),
  return_wildcard_routes: LaxBoolean.default(true).describe('False: names with a wildcard are left out.'),
  include_metadata: LaxBoolean.optional().describe('With the `fallbacks` of each model, of which there are none.'),
  fallback_type: z.enum(['general', 'context_window', 'content_policy']).optional(),
});
const DeploymentQuery = z.object({ litellm_model_id: z.string().optional() });
const PageQuery = z.object({
  page: z.coerce.number().int().min(1).default(1),
  size: z.coerce.number().int().min(1).max(1_000).default(50),
  model: z.string().optional().describe('Name of a model; empty: all.'),
  modelId: z.string().optional().describe('Id of a deployment; empty: all.'),
  search: z.string().optional().describe('Part of a name; upper and lower case are the same.'),
});
const GroupQuery = z.object({ model_group: z.string().optional() });
/** Model names hold slashes, so the rest of the path is the name. */
const ModelParams = z.object({ '*': z.string() });
const GroupParams = z.object({ access_group: z.string() });

export function registerModelRoutes(app: App, deps: ModelRoutesDeps): void {
  for (const url of LISTS) {
    app.get(
      url,
      {
        config: { access: 'info', scope: 'none' },
        schema: {
          tags: ['models'],
          summary: 'Models that this key may call, or a team',
          description:
            'With `team_id`: what a key of the team may call that has no list of its own, for whoever may see the team. ' +
            'Names with a wildcard are listed as they stand. With a header that names an end user: what may be called on its behalf.',
          querystring: ModelsQuery,
          response: { 200: ModelList },
        },
      },
      async (request) => {
        const { only_model_access_groups: onlyGroups, include_model_access_groups: withGroups } = request.query;
        const {
          team_id: teamId,
          return_wildcard_routes: withWildcards,
          include_metadata: withMetadata,
        } = request.query;
        const whose = teamId ? await deps.askAsTeam(request.caller, teamId) : request.caller;
        const endUser = endUserOf(request.headers, deps.endUserHeaders);
        const asking = endUser === null ? whose : await deps.askOnBehalf(whose, endUser);
        const models = onlyGroups ? [] : deps.listModels(asking);
        const shown = withWildcards ? models : models.filter((name) => !name.includes('*'));
        const groups = onlyGroups || withGroups ? deps.listAccessGroups(asking) : [];
        const entries = [...new Set([...shown, ...groups])].map(fromModelName);
        const data = withMetadata ? entries.map((entry) => ({ ...entry, metadata: { fallbacks: [] } })) : entries;
        return { data, object: 'list' as const };
      },
    );
    app.get(
      `${url}/*`,
      {
        config: { access: 'info', scope: 'none' },
        schema: {
          tags: ['models'],
          summary: 'One model, by its name',
          params: ModelParams,
          response: { 200: ModelEntry },
        },
      },
      (request) => {
        const name = request.params['*'];
        if (!deps.listModels(request.caller).includes(name) && !deps.isCallable(request.caller, name)) {
          throw new GatewayError('not_found', `The model '${name}' does not exist or this key may not call it.`, {
            param: 'model',
          });
        }
        return fromModelName(name);
      },
    );
  }

  for (const url of INFOS) {
    app.get(
      url,
      {
        config: { access: 'info', scope: 'none' },
        schema: {
          tags: ['models'],
          summary: 'Deployments behind the models that this key may call',
          querystring: DeploymentQuery,
          response: { 200: ModelInfoList },
        },
      },
      (request) => {
        const wanted = request.query.litellm_model_id;
        const deployments = deps
          .listDeployments(request.caller)
          .filter(({ id }) => wanted === undefined || id === wanted);
        if (wanted !== undefined && deployments.length === 0) {
          const message = `Model id = ${wanted.slice(0, 256)} not found, or this key may not call it.`;
          throw new GatewayError('bad_request', message, { param: 'litellm_model_id' });
        }
        return { data: deployments.map(fromDeployment) };
      },
    );
  }

  app.get(
    '/v2/model/info',
    {
      config: { access: 'info', scope: 'none' },
      schema: {
        tags: ['models'],
        summary: 'Deployments behind the models that this key may call, page by page',
        querystring: PageQuery,
        response: { 200: ModelInfoPage },
      },
    },
    (request) => {
      const { page, size, model, modelId, search } = request.query;
      const part = search?.toLowerCase() ?? '';
      const found = deps
        .listDeployments(request.caller)
        .filter(({ modelName, id }) => (!model || modelName === model) && (!modelId || id === modelId))
        .filter(({ modelName }) => modelName.toLowerCase().includes(part));
      return {
        data: found.slice((page - 1) * size, page * size).map(fromDeployment),
        total_count: found.length,
        current_page: page,
        total_pages: Math.ceil(found.length / size),
        size,
      };
    },
  );

  app.get(
    '/access_group/list',
    {
      config: { access: 'info', scope: 'none' },
      schema: {
        tags: ['models'],
        summary: 'Access groups of the models that this key may call',
        response: { 200: AccessGroups },
      },
    },
    (request) => ({ access_groups: fromAccessGroups(deps.listDeployments(request.caller)) }),
  );

  app.get(
    '/access_group/:access_group/info',
    {
      config: { access: 'info', scope: 'none' },
      schema: {
        tags: ['models'],
        summary: 'One access group: the models in it that this key may call',
        params: GroupParams,
        response: { 200: AccessGroup },
      },
    },
    (request) => {
      const { access_group: name } = request.params;
      const groups = fromAccessGroups(deps.listDeployments(request.caller));
      const found = groups.find((group) => group.access_group === name);
      if (found !== undefined) return found;
      throw new GatewayError(
        'not_found',
        `Access group '${name.slice(0, 200)}' does not exist or this key may call nothing in it.`,
        {
          param: 'access_group',
        },
      );
    },
  );

  app.get(
    '/model_group/info',
    {
      config: { access: 'info', scope: 'none' },
      schema: {
        tags: ['models'],
        summary: 'Model names with the limits and prices of all that serves them',
        querystring: GroupQuery,
        response: { 200: ModelGroupList },
      },
    },
    (request) => {
      const deployments = deps.listDeployments(request.caller);
      const wanted = request.query.model_group;
      const names = [...new Set(deployments.map(({ modelName }) => modelName))].filter(
        (name) => wanted === undefined || name === wanted,
      );
      return {
        data: names.map((name) =>
          fromModelGroup(
            name,
            deployments.filter(({ modelName }) => modelName === name),
          ),
        ),
      };
    },
  );
}
