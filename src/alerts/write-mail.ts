import type { OutgoingAlert } from './alert-sender.ts';
import { wordAlert } from './word-alert.ts';

/** What mails look like. */
export interface MailStyle {
  supportContact: string | null;
  logoUrl: string | null;
  /** Where people reach the gateway. */
  proxyBaseUrl: string | null;
}

/** Subject, plain text and HTML. What people have named is text in both. */
export function writeMail(
  { event, secret }: Pick<OutgoingAlert, 'event' | 'secret'>,
  style: MailStyle,
): { subject: string; text: string; html: string } {
  const { title, lines, facts } = wordAlert(event);
  const { supportContact, logoUrl, proxyBaseUrl } = style;
  const rows = [
    ...facts,
    ...(secret === null ? [] : [{ label: 'API key', value: secret }]),
    ...(proxyBaseUrl === null ? [] : [{ label: 'Address', value: proxyBaseUrl }]),
  ];
  const notes = [
    ...(secret === null ? [] : ['The key is shown in this mail and nowhere else. Keep it like a password.']),
    ...(supportContact === null ? [] : [`Questions: ${supportContact}`]),
  ];
  const text = [title, ...lines, '', ...rows.map(({ label, value }) => `${label}: ${value}`), '', ...notes].join('\n');
  const html = [
    ...(logoUrl === null ? [] : [`<p><img src="${escapeHtml(logoUrl)}" alt="" height="48"></p>`]),
    `<h2>${escapeHtml(title)}</h2>`,
    ...lines.map((line) => `<p>${escapeHtml(line)}</p>`),
    '<table>',
    ...rows.map(({ label, value }) => `<tr><td>${label}</td><td><code>${escapeHtml(value)}</code></td></tr>`),
    '</table>',
    ...notes.map((note) => `<p>${escapeHtml(note)}</p>`),
  ].join('\n');
  return { subject: `LiteLLM: ${title}`, text, html };
}

function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? character);
}
