import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import tls from 'node:tls';
import { SMTPServer } from 'smtp-server';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { buildAlertEvent } from '../core/alert-event.ts';
import { CERTIFICATE, CERTIFICATE_KEY } from './__fixtures__/certificate.ts';
import { createMailSender, type MailServer } from './email.ts';

const PASSWORD = 'way-through-42';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const act of cleanUp.splice(0).reverse()) await act();
});

/** What NODE_EXTRA_CA_CERTS does when a process starts. */
function trustCertificate(): void {
  const create = tls.createSecureContext;
  vi.spyOn(tls, 'createSecureContext').mockImplementation((options) => create({ ...options, ca: CERTIFICATE }));
}

/** A mail server for whoever knows the password; `seen`: what it was told, and whether that was over TLS. */
async function startServer({ secure }: { secure: boolean }) {
  const seen: string[] = [];
  const server = new SMTPServer({
    secure,
    key: CERTIFICATE_KEY,
    cert: CERTIFICATE,
    onAuth({ username, password }, session, done) {
      seen.push(`${username}:${password} secure=${session.secure}`);
      done(null, { user: username });
    },
    onData(stream, session, done) {
      stream.resume().on('end', () => {
        seen.push(`mail secure=${session.secure}`);
        done();
      });
    },
  });
  // Clients that do not trust it break off.
  server.on('error', () => {});
  server.listen(0, 'localhost');
  await once(server.server, 'listening');
  cleanUp.push(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { port: (server.server.address() as AddressInfo).port, seen };
}

/** A server that knows nothing of TLS and asks for a password all the same; `said`: all lines that it was sent. */
async function startClearServer() {
  const said: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.write('220 here\r\n');
    socket.on('data', (chunk) => {
      const line = chunk.toString().trim();
      said.push(line);
      socket.write(/^EHLO/i.test(line) ? '250-here\r\n250 AUTH PLAIN LOGIN\r\n' : `502 what is ${line}?\r\n`);
    });
  }).listen(0, 'localhost');
  await once(server, 'listening');
  cleanUp.push(() => server.close());
  return { port: (server.address() as AddressInfo).port, said };
}

function send(port: number, security: MailServer['security'], host = 'localhost'): Promise<void> {
  const sender = createMailSender({
    host,
    port,
    security,
    username: 'gate',
    password: PASSWORD,
    sender: 'gateway@example.com',
    supportContact: null,
    logoUrl: null,
    proxyBaseUrl: null,
  });
  cleanUp.push(() => sender.close());
  const event = buildAlertEvent({ event: 'trouble_begun', group: 'proxy', message: 'Database Does Not Answer' });
  return sender.send({ id: 'a', recipient: 'ops@example.com', event, secret: null });
}

describe('mail goes over TLS', () => {
  test.each([
    ['from STARTTLS on', 'starttls', false],
    ['from the first byte on', 'tls', true],
  ] as const)('%s, and so do its credentials', async (_when, security, secure) => {
    trustCertificate();
    const { port, seen } = await startServer({ secure });
    await send(port, security);
    expect(seen).toEqual([`gate:${PASSWORD} secure=true`, 'mail secure=true']);
  });

  test.each([
    ['starttls', false],
    ['tls', true],
  ] as const)(
    'and to nobody whose certificate is not trusted, or is for another name: %s',
    async (security, secure) => {
      const { port, seen } = await startServer({ secure });
      await expect(send(port, security)).rejects.toThrow(/self.signed/i);
      trustCertificate();
      await expect(send(port, security, '127.0.0.1')).rejects.toThrow(/altnames|IP/i);
      expect(seen).toEqual([]);
    },
  );

  test('or not at all: a server that offers none is told no credentials, and sent no mail', async () => {
    const { port, said } = await startClearServer();
    await expect(send(port, 'starttls')).rejects.toThrow();
    expect(said.map((line) => line.split(' ')[0])).toEqual(['EHLO', 'STARTTLS']);
  });

  test('unless it is to go in clear', async () => {
    const { port, said } = await startClearServer();
    await expect(send(port, 'none')).rejects.toThrow();
    expect(said.some((line) => line.startsWith('AUTH PLAIN'))).toBe(true);
  });

  test('and no error repeats a password, though the server does', async () => {
    const { port } = await startClearServer();
    const error: Error = await send(port, 'none').then(
      () => expect.unreachable(),
      (thrown) => thrown,
    );
    expect(error.message).toContain('502 what is AUTH PLAIN [redacted]');
    expect(error.message).not.toContain(Buffer.from(PASSWORD).toString('base64').slice(0, 8));
  });
});
