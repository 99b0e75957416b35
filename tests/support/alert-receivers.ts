// Whoever alerts are sent to: a web server that keeps what is posted to it, and a mail server that keeps its mail.

import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

export interface Posted {
  path: string;
  headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of many shapes.
  body: any;
}

export interface WebReceiver {
  url: string;
  posted: Posted[];
  /** What it answers from now on; 200 at first. */
  answer: { status: number; body: string };
  /** How often it has refused. */
  refusals(): number;
  close(): Promise<void>;
}

export async function startWebReceiver(): Promise<WebReceiver> {
  const posted: Posted[] = [];
  const answer = { status: 200, body: 'ok' };
  let refusals = 0;
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => {
      text += chunk;
    });
    request.on('end', () => {
      if (answer.status < 300) {
        posted.push({ path: request.url ?? '', headers: request.headers, body: JSON.parse(text) });
      } else refusals += 1;
      response.writeHead(answer.status).end(answer.body);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posted,
    answer,
    refusals: () => refusals,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export interface MailReceiver {
  port: number;
  mails: ParsedMail[];
  /** Recipients that it refuses. */
  refused: Set<string>;
  close(): Promise<void>;
}

/** In clear, without TLS; with `login`, only for whoever knows it. */
export async function startMailReceiver(login?: { user: string; pass: string }, port = 0): Promise<MailReceiver> {
  const mails: ParsedMail[] = [];
  const refused = new Set<string>();
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    authOptional: login === undefined,
    allowInsecureAuth: true,
    onAuth(auth, _session, done) {
      if (auth.username === login?.user && auth.password === login?.pass) done(null, { user: auth.username });
      else done(new Error('who are you?'));
    },
    onRcptTo({ address }, _session, done) {
      done(refused.has(address) ? Object.assign(new Error('no such mailbox'), { responseCode: 550 }) : undefined);
    },
    onData(stream, _session, done) {
      simpleParser(stream).then((mail) => {
        mails.push(mail);
        done();
      }, done);
    },
  });
  server.listen(port, '127.0.0.1');
  await once(server.server, 'listening');
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    refused,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
