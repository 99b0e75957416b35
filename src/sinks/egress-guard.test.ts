import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { assertReachableHost, createGuardedLookup, isReachable } from './egress-guard.ts';
import { createHttpOutlet, type HttpOutlet } from './send-http.ts';

const NOTHING = { allowed: [] };

describe('the egress guard', () => {
  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.31.255.255',
    '192.168.0.1',
    '100.64.0.1',
    '169.254.169.254',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    '::ffff:10.0.0.1',
    '::ffff:a9fe:a9fe',
    'fd00:ec2::254',
    'fe80::1',
    'ff02::1',
    '64:ff9b::a00:1',
    '2002:a00:1::',
    '2001:0:1::1',
    'not an address',
  ])('refuses %s', (address) => {
    expect(isReachable(address, NOTHING)).toBe(false);
  });

  it.each(['8.8.8.8', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8'])('lets %s pass', (address) => {
    expect(isReachable(address, NOTHING)).toBe(true);
  });

  it('lets pass what the operator allows', () => {
    expect(isReachable('10.1.2.3', { allowed: ['10.1.0.0/16'] })).toBe(true);
    expect(isReachable('10.2.2.3', { allowed: ['10.1.0.0/16'] })).toBe(false);
  });

  it.each([
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::1]:4000/',
    'http://169.254.169.254/latest/meta-data/',
  ])('refuses %s however it is written', (url) => {
    expect(() => assertReachableHost(url, NOTHING)).toThrow('no address of the public Internet');
  });

  it('refuses a name by what it stands for, and by one address of several', () => {
    const answers: unknown[] = [];
    const names: Record<string, string[]> = { inside: ['10.0.0.1'], both: ['8.8.8.8', '127.0.0.1'], out: ['8.8.8.8'] };
    const lookup = createGuardedLookup(NOTHING, (name, _options, done) =>
      done(
        null,
        (names[name] ?? []).map((address) => ({ address, family: 4 })),
      ),
    );
    for (const name of Object.keys(names))
      lookup(name, {}, (error, address) => answers.push(error?.message ?? address));
    expect(answers).toEqual([
      expect.stringContaining('inside is no'),
      expect.stringContaining('both is no'),
      '8.8.8.8',
    ]);
  });

  it('looks at what a name stands for each time it is used', () => {
    const turns = ['8.8.8.8', '127.0.0.1'];
    const lookup = createGuardedLookup(NOTHING, (_name, _options, done) =>
      done(null, [{ address: turns.shift() as string, family: 4 }]),
    );
    const errors: boolean[] = [];
    for (let turn = 0; turn < 2; turn += 1) lookup('rebinding', {}, (error) => errors.push(error !== null));
    expect(errors).toEqual([false, true]);
  });
});

describe('a guarded outlet', () => {
  let outlet: HttpOutlet | undefined;
  const servers: { close(): void }[] = [];
  afterEach(async () => {
    await outlet?.close();
    for (const server of servers.splice(0)) server.close();
  });

  async function listen(
    answer: (path: string) => [number, Record<string, string>],
  ): Promise<{ port: number; hits: string[] }> {
    const hits: string[] = [];
    const server = createServer((request, response) => {
      hits.push(request.url ?? '');
      const [status, headers] = answer(request.url ?? '');
      response.writeHead(status, headers).end();
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { port: (server.address() as AddressInfo).port, hits };
  }

  const get = (url: string) => ({ url, method: 'GET', headers: {}, body: null }) as const;

  it('opens no socket to this machine, by address or by name', async () => {
    const { port, hits } = await listen(() => [200, {}]);
    outlet = createHttpOutlet(NOTHING);
    for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]']) {
      await expect(outlet.sendGuarded(get(`http://${host}:${port}/`))).rejects.toThrow('no address of the public');
    }
    expect(hits).toEqual([]);
    expect((await outlet.send(get(`http://127.0.0.1:${port}/own`))).status).toBe(200);
    expect(hits).toEqual(['/own']);
  });

  it('sends user and password of an address as clients do, and not where there is a credential already', async () => {
    const seen: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end();
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    outlet = createHttpOutlet(NOTHING);
    await outlet.send(get(`http://ada:p%40ss@127.0.0.1:${port}/`));
    await outlet.send({ ...get(`http://ada:p@127.0.0.1:${port}/`), headers: { Authorization: 'Bearer x' } });
    expect(seen).toEqual([`Basic ${Buffer.from('ada:p@ss').toString('base64')}`, 'Bearer x']);
  });

  it('listens to the beginning of an answer only, however much is said', async () => {
    let said = 0;
    let gone = false;
    const server = createServer((_request, response) => {
      const go = () => {
        while (!gone && response.write('x'.repeat(65_536))) said += 65_536;
      };
      response.on('drain', go).on('close', () => {
        gone = true;
      });
      go();
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    outlet = createHttpOutlet(NOTHING);
    const answer = await outlet.send(get(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`));
    expect([answer.status, answer.text.length]).toEqual([200, 65_536]);
    await expect.poll(() => gone).toBe(true);
    expect(said).toBeLessThan(16 * 1024 * 1024);
  });

  it('follows no redirect, so that nobody is sent on to where he could not go', async () => {
    const { port, hits } = await listen((path) => (path === '/' ? [302, { location: '/inside' }] : [200, {}]));
    outlet = createHttpOutlet({ allowed: ['localhost'] });
    expect((await outlet.sendGuarded(get(`http://localhost:${port}/`))).status).toBe(302);
    expect(hits).toEqual(['/']);
  });
});
