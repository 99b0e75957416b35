import type { AlertSender } from './alert-sender.ts';
import { createJsonPoster } from './post-json.ts';
import { wordAlert } from './word-alert.ts';

/** Slack's incoming webhooks, and what takes messages in their form (Mattermost, Discord's `/slack`, …). */
export function createSlackSender(url: string): AlertSender {
  const poster = createJsonPoster(url);
  return {
    send({ event }) {
      const { title, lines, facts } = wordAlert(event);
      const text = [
        `*${escapeSlack(title)}*`,
        ...lines.map(escapeSlack),
        ...facts.map(({ label, value }) => `${label}: ${escapeSlack(value)}`),
      ];
      return poster.post({ text: text.join('\n') });
    },
    close: poster.close,
  };
}

/** A key may be called `<!channel>`. */
function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
