import { createHash } from 'node:crypto';
import type { Transporter } from 'nodemailer';
import { hideEchoes } from '../core/hide-echoes.ts';
import type { AlertSender } from './alert-sender.ts';
import { type MailStyle, writeMail } from './write-mail.ts';

export interface MailServer extends MailStyle {
  host: string;
  port: number;
  /** `tls`: from the first byte on; `starttls`: nothing is said before it; `none`: in clear. */
  security: 'tls' | 'starttls' | 'none';
  username: string | null;
  password: string | null;
  sender: string;
}

const TIMEOUT_MS = 10_000;
/** A server may take its time in many small steps. */
const LONGEST_MS = 25_000;

/** One mail per address, over SMTP. */
export function createMailSender(server: MailServer): AlertSender {
  const { host, port, security, username, password, sender } = server;
  const options = {
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(username === null ? {} : { auth: { user: username, pass: password ?? '' } }),
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
  let transport: Transporter | undefined;
  // The library takes megabytes, which only those pay who send mail.
  const connect = async () => {
    const { createTransport } = await import('nodemailer');
    transport ??= createTransport(options);
    return transport;
  };
  return {
    async send(alert) {
      const { subject, text, html } = writeMail(alert, server);
      const name = createHash('sha256').update(`${alert.id}\n${alert.recipient}`).digest('hex').slice(0, 40);
      const sending = (await connect()).sendMail({
        from: sender,
        to: { name: '', address: alert.recipient },
        subject,
        text,
        html,
        messageId: `<${name}@latchkey>`,
      });
      try {
        await within(sending, LONGEST_MS);
      } catch (error) {
        throw new Error(hideLogin(error instanceof Error ? error.message : String(error), server));
      }
    },
    async close() {
      transport?.close();
    },
  };
}

/** A server may repeat what it was told, as it was told: AUTH PLAIN and LOGIN are encodings, not ciphers. */
function hideLogin(words: string, { username, password }: MailServer): string {
  if (username === null) return words;
  const told = [password ?? '', `\0${username}\0${password ?? ''}`];
  const spellings = [...told, ...told.map((text) => Buffer.from(text).toString('base64'))];
  return hideEchoes(words, { url: '', headers: Object.fromEntries(spellings.entries()) });
}

async function within(sending: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`The mail server did not finish within ${ms / 1_000} s.`)), ms);
  });
  try {
    await Promise.race([sending, late]);
  } finally {
    clearTimeout(timer);
    // Whoever lost the race is heard of no more.
    sending.catch(() => {});
  }
}
