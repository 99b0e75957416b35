import { expect, test } from 'vitest';
import { takeOffRootPath } from './root-path.ts';

test.each([
  ['/a', '/a/v1/models', '/v1/models'],
  ['/a/b', '/a/b/v1/models?x=1', '/v1/models?x=1'],
  ['/a', '/a', '/'],
  ['/a', '/a?x=1', '/?x=1'],
  ['/a', '/a/', '/'],
  ['/a', '/v1/models', '/v1/models'],
  ['/a', '/ab/v1', '/ab/v1'],
  ['/a/b', '/a/v1', '/a/v1'],
])('below %s, %s is %s', (rootPath, url, path) => {
  expect(takeOffRootPath(rootPath, url)).toBe(path);
});
