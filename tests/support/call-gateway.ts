/** JSON in, JSON out, over `app.inject`. */
import type { TestApp } from './compose-for-test.ts';

export interface Answer {
  status: number;
  headers: Record<string, unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into by tests, member by member
  body: any;
}

export interface CallOptions {
  body?: unknown;
  /** The secret that calls; default: the master key. Null: none. */
  key?: string | null;
  headers?: Record<string, string>;
}

/** One request: `callGateway(app, 'POST /key/generate', { body })`. */
export async function callGateway(
  { app, masterKey }: Pick<TestApp, 'app' | 'masterKey'>,
  request: string,
  { body, key = masterKey, headers = {} }: CallOptions = {},
): Promise<Answer> {
  const [method = 'GET', url = '/'] = request.split(' ');
  const response = await app.inject({
    method: method as 'GET',
    url,
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return {
    status: response.statusCode,
    headers: response.headers,
    body: response.body === '' ? null : response.json(),
  };
}
