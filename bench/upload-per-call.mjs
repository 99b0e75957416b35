// `node --import bench/upload-per-call.mjs dist/main.js serve …`: the gateway as it would be if every call waited for the
// upload of its own record. Only to be measured against.

import { register } from 'node:module';

const REPLACEMENT = new URL('upload-per-call-sinks.mjs', import.meta.url).href;
const HOOKS = `export async function resolve(specifier, context, next) {
  return specifier.endsWith('/sinks/create-sinks.js') ? { url: ${JSON.stringify(REPLACEMENT)}, shortCircuit: true } : next(specifier, context);
}`;
register(`data:text/javascript,${encodeURIComponent(HOOKS)}`);
