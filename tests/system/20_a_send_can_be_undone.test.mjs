// PRODUCT.md A7: a notification waits as long as its sender may think again; a message that is revoked within
// that time reaches nobody, although the notifier had the letter already.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import * as act from './support/actions.mjs';
import { startWorld, until } from './support/world.mjs';

let world;
before(async () => (world = await startWorld()));
after(() => world?.stop());

const WAITING = 1;
const CANCELLED = 4;

// The notifier's jobs in a state; of a settled one only the id is left.
const jobs = (state) => world.sql(`SELECT job FROM outbox.job WHERE state = ${state}`).length;

async function sendWithUndo(to, seconds) {
  const body = world.file(`${to}.txt`, 'Good news.');
  const password = world.file(`${to}.password`, 'correct-horse');
  const result = await world.cli('sender', ['send', '--to', to, '--subject', 'Your results', '--body-file', body,
    '--check', 'password', '--recipient-password-file', password, '--undo', String(seconds)]);
  return result.json.message;
}

test('a message that is revoked in time reaches nobody', async () => {
  const message = await sendWithUndo('undone@recipient.example', 60);
  await until('the notifier has the letter', () => jobs(WAITING) === 1);
  assert.equal(world.mails.length, 0);

  await world.cli('sender', ['revoke', message]);
  await until('the letter is cancelled', () => jobs(CANCELLED) === 1);
  await world.moveClock(90 * 1000);

  await act.send(world, { to: 'later@recipient.example' });
  await act.linkOf(world, 'later@recipient.example');
  assert.deepEqual(world.mails.filter((mail) => mail.to === 'undone@recipient.example'), []);
});

test('a message that is not revoked goes out when the time is over', async () => {
  await sendWithUndo('kept@recipient.example', 60);
  await until('the notifier has the letter', () => jobs(WAITING) === 1);

  await world.moveClock(90 * 1000);

  const link = await act.linkOf(world, 'kept@recipient.example');
  await act.open(world, link, { password: 'correct-horse' });
});
