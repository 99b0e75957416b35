/** What the API description says about refusals and failures: each operation can answer with one, and all are alike. */

const ERROR_ANSWER = {
  description:
    'A refusal or a failure. `param` names the field; `detail` is there where clients of LiteLLM look for it.',
  content: {
    'application/json': {
      schema: {
        type: 'object',
        properties: {
          error: {
            type: 'object',
            properties: {
              message: { type: 'string' },
              type: { type: 'string' },
              param: { type: ['string', 'null'] },
              code: { type: 'string', description: 'The status, as a text.' },
            },
            required: ['message', 'type', 'param', 'code'],
          },
          detail: {},
        },
        required: ['error'],
      },
    },
  },
};

const METHODS = ['get', 'put', 'post', 'patch', 'delete'] as const;

/** The description with that answer at every operation. */
export function describeErrors<T extends object>(document: T): T {
  const { paths = {}, components = {} } = document as Described;
  for (const path of Object.values(paths)) {
    for (const method of METHODS) {
      const operation = path[method];
      if (operation === undefined) continue;
      operation.responses = { ...operation.responses, default: { $ref: '#/components/responses/Error' } };
    }
  }
  return { ...document, components: { ...components, responses: { ...components.responses, Error: ERROR_ANSWER } } };
}

interface Described {
  paths?: Record<string, Partial<Record<(typeof METHODS)[number], { responses?: object }>>>;
  components?: { responses?: object };
}
