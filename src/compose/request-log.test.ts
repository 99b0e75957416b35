import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { RequestLine } from '../http/hooks/log-requests.ts';
import { createRequestLog } from './request-log.ts';

const LINE: RequestLine = {
  method: 'POST',
  route: '/v1/chat/completions',
  status: 200,
  durationMs: 1.25,
  keyId: 'key_1',
  keyMask: 'sk-...abcd',
  requestId: 'id-1',
};

function logged(line: RequestLine, level = 'info'): string[] {
  const lines: string[] = [];
  const logger = pino({ level, base: null }, { write: (text: string) => lines.push(text) });
  const requestLog = createRequestLog(logger, () => 0);
  requestLog.log(line);
  requestLog.flush();
  return lines;
}

test('the line of a request is what the logger itself would have written', () => {
  const [line = ''] = logged(LINE);
  expect(line.endsWith('}\n')).toBe(true);
  expect(JSON.parse(line)).toEqual({
    level: 30,
    time: '1970-01-01T00:00:00.000Z',
    method: 'POST',
    route: '/v1/chat/completions',
    status: 200,
    duration_ms: 1.25,
    key_id: 'key_1',
    key_mask: 'sk-...abcd',
    request_id: 'id-1',
    msg: 'request',
  });
});

test.each(['sk-..."x', 'sk-...\\n', 'sk-...\n{', 'é', null])(
  'whatever a mask holds (%j), the line stays one JSON object',
  (keyMask) => {
    const [line = ''] = logged({ ...LINE, keyMask, route: null });
    expect(JSON.parse(line)).toMatchObject({ key_mask: keyMask, route: null });
    expect(line.trimEnd()).not.toContain('\n');
  },
);

test('lines are handed over together, and not held back for ever', () => {
  const writes: string[] = [];
  const requestLog = createRequestLog(pino({ base: null }, { write: (text: string) => writes.push(text) }), () => 0);
  requestLog.log(LINE);
  expect(writes).toEqual([]);
  for (let lines = 1; lines < 200; lines += 1) requestLog.log(LINE);
  expect(writes.length).toBeGreaterThan(0);
  requestLog.flush();
  expect(writes.join('').trimEnd().split('\n')).toHaveLength(200);
});

test('a quieter level writes no line per request', () => {
  expect(logged(LINE, 'warn')).toEqual([]);
});
