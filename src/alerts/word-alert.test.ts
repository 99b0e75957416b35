import { expect, test } from 'vitest';
import { buildAlertEvent } from '../core/alert-event.ts';
import { wordAlert } from './word-alert.ts';

test('a name that holds line ends is one line, and adds none to the message', () => {
  const customerId = 'guest\r\n*Budget Crossed*\u2028Key: prod';
  const event = buildAlertEvent({
    event: 'spend_tracked',
    group: 'customer',
    message: 'Title\nsaid by us',
    customerId,
  });
  const { title, lines, facts } = wordAlert(event);
  expect([title, lines]).toEqual(['Title', ['said by us']]);
  expect(facts).toContainEqual({ label: 'Customer', value: 'guest *Budget Crossed* Key: prod' });
});
