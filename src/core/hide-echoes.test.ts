import { describe, expect, it } from 'vitest';
import { hideEchoes } from './hide-echoes.ts';

const URL_OF_ALL = 'https://collect.example/v1';

describe('hideEchoes', () => {
  it('hides the value of a header, whatever its name, and leaves the rest of the words', () => {
    const sent = { url: URL_OF_ALL, headers: { 'x-team-pass': 'tp-51f0aa7c9e', 'content-type': 'application/json' } };
    expect(hideEchoes('tp-51f0aa7c9e may not send application/json', sent)).toBe(
      '[redacted] may not send application/json',
    );
  });

  it('hides what follows the scheme, not the scheme', () => {
    const sent = { url: URL_OF_ALL, headers: { Authorization: 'Bearer at-0123456789abcdef' } };
    expect(hideEchoes('Bearer at-0123456789abcdef is no Bearer token', sent)).toBe(
      'Bearer [redacted] is no Bearer token',
    );
  });

  it.each([
    ['escaped for JSON', 'q"uote\\d-secret'],
    ['with its slashes escaped', 'ab/cd/ef/gh/ij'],
    ['escaped for an address', 'aa+b/c==d&eee'],
    ['in another case', 'MixedCaseSecret'],
  ])('hides a credential %s', (_how, secret) => {
    const sent = { url: URL_OF_ALL, headers: { 'api-key': secret } };
    const echoes = [
      JSON.stringify(secret),
      JSON.stringify(secret).replaceAll('/', '\\/'),
      `"${encodeURIComponent(secret)}"`,
      `"${secret.toLowerCase()}"`,
    ];
    for (const echo of echoes) expect(hideEchoes(`got ${echo}`, sent)).toBe('got "[redacted]"');
  });

  it('hides a part of a long credential, and what was cut off in the middle of one', () => {
    const sent = { url: URL_OF_ALL, headers: { 'dd-api-key': 'abcdefghijklmnopqrstuvwxyz' } };
    expect(hideEchoes("no such key: 'abcdefghijk...'", sent)).toBe("no such key: '[redacted]...'");
    expect(hideEchoes('you sent klmnopqrs', sent)).toBe('you sent [redacted]');
  });

  it('hides a pair of name and password, encoded and decoded, of a header and of an address', () => {
    const pair = Buffer.from('reporter:hunter2').toString('base64');
    const byHeader = { url: URL_OF_ALL, headers: { authorization: `Basic ${pair}` } };
    const byAddress = { url: 'https://reporter:hunter2@collect.example/v1', headers: {} };
    for (const sent of [byHeader, byAddress]) {
      expect(hideEchoes(`${pair} is reporter:hunter2, that is hunter2`, sent)).toBe(
        '[redacted] is [redacted], that is [redacted]',
      );
    }
  });

  it('hides what an address has in its query and, where it looks like a credential, in its path', () => {
    const sent = { url: 'https://hooks.example/services/T0/B0/aB3dE5fG7hI9jK1lM3nO?token=t0k3n', headers: {} };
    expect(hideEchoes('Cannot POST /services/T0/B0/aB3dE5fG7hI9jK1lM3nO?token=t0k3n', sent)).toBe(
      'Cannot POST /services/T0/B0/[redacted]',
    );
    expect(hideEchoes('no such token: t0k3n', sent)).toBe('no such token: [redacted]');
  });

  it('hides the values of a form', () => {
    const sent = { url: URL_OF_ALL, headers: {}, form: 'grant_type=jwt&assertion=eyJh.eyJp.c2ln%2Bbg' };
    expect(hideEchoes('bad assertion eyJh.eyJp.c2ln+bg', sent)).toBe('bad assertion [redacted]');
  });

  it('leaves words alone when there is nothing to hide', () => {
    expect(hideEchoes('over quota', { url: URL_OF_ALL, headers: { 'x-short': 'ota' } })).toBe('over quota');
    expect(hideEchoes('', { url: 'no address', headers: {} })).toBe('');
  });
});
