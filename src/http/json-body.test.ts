import { afterEach, describe, expect, test } from 'vitest';
import { BODY_LIMIT, bearer, closeApps, MASTER, startApp } from './__fixtures__/start-app.ts';

afterEach(closeApps);

describe('bodies', () => {
  test.each([
    ['{"key": "sk-secret-secret-secret"', 'application/json', 400, 'not valid JSON'],
    ['not json sk-secret-secret-secret', 'text/plain', 415, 'has to be JSON'],
    ['{"__proto__": {"role": "admin"}}', 'application/json', 400, '`__proto__`'],
  ])('%s is refused without an echo', async (payload, type, status, words) => {
    const { app } = await startApp();
    const response = await app.inject({
      method: 'POST',
      url: '/spend/calculate',
      headers: { ...bearer(MASTER), 'content-type': type },
      payload,
    });
    expect(response.statusCode).toBe(status);
    expect(response.json().error.message).toContain(words);
    expect(response.body).not.toContain('secret-secret');
  });

  test('JSON without a content type, or with a form’s, is JSON all the same', async () => {
    const { app } = await startApp();
    for (const type of [undefined, 'application/x-www-form-urlencoded', 'text/plain;charset=UTF-8']) {
      const response = await app.inject({
        method: 'POST',
        url: '/spend/calculate',
        headers: { ...bearer(MASTER), ...(type === undefined ? {} : { 'content-type': type }) },
        payload: '{"model": 7}',
      });
      expect(response.json().detail).toMatchObject([{ loc: ['body', 'model'] }]);
    }
  });

  test('one that is too large is 413 and names the limit', async () => {
    const { app } = await startApp();
    const response = await app.inject({
      method: 'POST',
      url: '/spend/calculate',
      headers: bearer(MASTER),
      payload: { messages: 'x'.repeat(BODY_LIMIT) },
    });
    expect(response.statusCode).toBe(413);
    expect(response.json().error.message).toContain(`${BODY_LIMIT} bytes`);
  });

  test('a field of the wrong type is 422, in the envelope and in FastAPI’s form', async () => {
    const { app } = await startApp();
    const response = await app.inject({
      method: 'POST',
      url: '/spend/calculate',
      headers: bearer(MASTER),
      payload: { model: 7 },
    });
    expect(response.statusCode).toBe(422);
    expect(response.json()).toEqual({
      error: {
        message: 'model: Invalid input: expected string, received number',
        type: 'validation_error',
        param: 'model',
        code: '422',
      },
      detail: [
        {
          type: 'string_type',
          loc: ['body', 'model'],
          msg: 'Invalid input: expected string, received number',
          input: 7,
        },
      ],
    });
  });

  test('a query parameter out of bounds is 422 and named', async () => {
    const { app } = await startApp();
    const response = await app.inject({ url: '/spend/logs/v2?page_size=101', headers: bearer(MASTER) });
    expect(response.json()).toMatchObject({
      error: { param: 'page_size', code: '422' },
      detail: [{ loc: ['query', 'page_size'], type: 'less_than_equal', input: '101' }],
    });
  });
});
