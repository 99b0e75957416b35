/** Models that are added, changed and taken out while the gateway runs. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { GatewayError } from '../../core/gateway-error.ts';
import { createModel } from '../../management/models/create-model.ts';
import { deleteModel } from '../../management/models/delete-model.ts';
import type { ModelManagement } from '../../management/models/model-management.ts';
import { updateModel } from '../../management/models/update-model.ts';
import type { App } from '../app-instance.ts';
import { nameUnenforcedFields } from '../field-headers.ts';
import {
  fromModelRecord,
  ModelDeleteBody,
  ModelDeleteReply,
  ModelNewBody,
  ModelRow,
  ModelUpdateBody,
  toModelFields,
  toNewModel,
} from '../schemas/model-change.ts';

export interface ModelChangeRoutesDeps {
  modelManagement: ModelManagement;
}

const tags = ['models'];
const config = { access: 'management', scope: 'admin' } as const;
const ModelParams = z.object({ id: z.string() });

export function registerModelChangeRoutes(app: App, { modelManagement }: ModelChangeRoutesDeps): void {
  const update = async (
    request: FastifyRequest & { body: z.output<typeof ModelUpdateBody> },
    reply: FastifyReply,
    id: string,
  ) => {
    const changed = await updateModel(
      modelManagement,
      request.caller,
      request.actor(),
      id,
      toModelFields(request.body),
    );
    nameUnenforcedFields(reply, changed.unsupported);
    return fromModelRecord(changed.record);
  };

  app.post(
    '/model/new',
    {
      config,
      schema: { tags, summary: 'Add a deployment of a model', body: ModelNewBody, response: { 200: ModelRow } },
    },
    async (request, reply) => {
      const added = await createModel(modelManagement, request.caller, request.actor(), toNewModel(request.body));
      nameUnenforcedFields(reply, added.unsupported);
      return fromModelRecord(added.record);
    },
  );

  app.post(
    '/model/update',
    {
      config,
      schema: {
        tags,
        summary: 'Change a deployment that was added here',
        description: 'Named by `model_info.id`. What is absent stays, null takes a field out.',
        body: ModelUpdateBody,
        response: { 200: ModelRow },
      },
    },
    async (request, reply) => {
      const id = request.body.model_info?.id;
      if (typeof id !== 'string' || id === '') {
        throw new GatewayError('bad_request', 'model_info.id must name the deployment to change.', {
          param: 'model_info.id',
        });
      }
      return update(request, reply, id);
    },
  );

  app.patch(
    '/model/:id/update',
    {
      config,
      schema: {
        tags,
        summary: 'Change a deployment that was added here, named in the path',
        params: ModelParams,
        body: ModelUpdateBody,
        response: { 200: ModelRow },
      },
    },
    (request, reply) => update(request, reply, request.params.id),
  );

  app.post(
    '/model/delete',
    {
      config,
      schema: {
        tags,
        summary: 'Take a deployment that was added here out of service',
        body: ModelDeleteBody,
        response: { 200: ModelDeleteReply },
      },
    },
    async (request) => {
      const { id } = request.body;
      await deleteModel(modelManagement, request.caller, request.actor(), id);
      return { message: `Model: ${id} deleted successfully` };
    },
  );
}
