// In place of the gateway's sinks: no queue, an object per call, and the call waits until it is stored.

import { randomUUID } from 'node:crypto';
import { Agent, request } from 'undici';

const { writeLogPayload } = await import(new URL('../dist/core/write-log-payload.js', import.meta.url).href);
const { JsonBytes } = await import(new URL('../dist/core/json-bytes.js', import.meta.url).href);

/** @param {{ environment: () => Record<string, string> }} options */
export async function createSinks({ environment }) {
  const { STORAGE_EMULATOR_HOST: host, GCS_BUCKET_NAME: bucket } = environment();
  const dispatcher = new Agent({ pipelining: 1 });
  return {
    /** @param {unknown} log */
    async offer(log) {
      const name = `2026-01-01/${randomUUID()}`;
      const url = `${host}/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${encodeURIComponent(name)}`;
      const headers = { 'content-type': 'application/json' };
      const line = new JsonBytes();
      writeLogPayload(line, log, true);
      const body = `${line}\n`;
      const answer = await request(url, { method: 'POST', body, headers, dispatcher });
      await answer.body.dump();
    },
    stats: () => [],
    tend: async () => {},
    flush: async () => {},
    close: () => dispatcher.destroy(),
  };
}
