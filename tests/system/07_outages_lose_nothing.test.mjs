// DESIGN 6: the relay refuses, hangs or is away; PostgreSQL restarts; audit is down. What was promised
// happens, nothing is lost, nothing is done twice, and whoever waits is told in words.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import * as act from './support/actions.mjs';
import { startWorld, until } from './support/world.mjs';

let world;
before(async () => (world = await startWorld()));
after(() => world?.stop());

const mailsTo = (address) => world.mails.filter((mail) => mail.to === address);
const statusOf = async (message) => (await act.list(world)).find((each) => each.message === message)?.status;

for (const behaviour of ['refuse-4xx', 'drop', 'hang-after-data'])
  test(`mail goes out once the relay is well again after: ${behaviour}`, async () => {
    const address = `${behaviour}@recipient.example`;
    world.stack.smtp.behave(behaviour);
    const sent = await act.send(world, { to: address });
    await until('an attempt', () => world.stack.smtp.attempts > 0);
    assert.equal(await statusOf(sent.message), 'sent');
    world.stack.smtp.behave('accept');

    await until('the mail', () => mailsTo(address).length > 0, 60_000);
    await until('delivered', async () => (await statusOf(sent.message)) === 'delivered');
    const ids = new Set(mailsTo(address).map((mail) => mail.messageId));
    assert.equal(ids.size, 1, 'a repeat is recognisable by its Message-ID');
  });

test('an address that the relay refuses for good is shown as undeliverable', async () => {
  world.stack.smtp.behave('refuse-5xx');
  const sent = await act.send(world, { to: 'nobody@recipient.example' });

  await until('undeliverable', async () => (await statusOf(sent.message)) === 'undeliverable');
  world.stack.smtp.behave('accept');
  assert.ok(act.kindsOf(await act.log(world), sent.message).includes('notification-bounced'));
});

test('audit down: opening fails closed in words, and works again afterwards with one entry', async () => {
  const sent = await act.send(world, { to: 'audit@recipient.example' });
  const link = await act.linkOf(world, 'audit@recipient.example');
  await world.stack.stopService('audit');
  const refused = await act.open(world, link, { password: 'correct-horse', exit: null });
  assert.notEqual(refused.code, 0);
  assert.ok(!(refused.stdout + refused.stderr).includes('Good news.'));
  assert.match(refused.stdout + refused.stderr, /again|later/i);
  await world.stack.startService('audit');

  await act.open(world, link, { password: 'correct-horse' });
  await world.stack.stopService('audit');
  await world.stack.startService('audit');
  const kinds = act.kindsOf(await act.log(world), sent.message);
  assert.ok(kinds.includes('opened'));
  assert.equal(kinds.filter((kind) => kind === 'sent').length, 1);
});

test('PostgreSQL killed and restarted: sends and opens go on, nothing acknowledged is missing', async () => {
  const before = await act.send(world, { to: 'before@recipient.example' });
  const link = await act.linkOf(world, 'before@recipient.example');
  await world.stack.cluster.stop('SIGQUIT');
  const refused = await act.send(world, { to: 'during@recipient.example', code: null });
  assert.notEqual(refused.code, 0);
  assert.doesNotMatch(refused.stdout + refused.stderr, /SELECT|psql|libpq|socket/, 'the cause stays in the log');
  await world.stack.cluster.start();

  await until('a send that works', async () => (await act.send(world, { to: 'afterwards@recipient.example', code: null })).code === 0);
  await act.open(world, link, { password: 'correct-horse' });
  await act.linkOf(world, 'afterwards@recipient.example');
  assert.ok(await until('opened', async () => (await statusOf(before.message)) === 'opened'));
});

test('the gateway says 503 in words while crypto is away', async () => {
  await world.stack.stopService('crypto');
  const refused = await world.cli('sender', ['list'], { code: null });
  assert.notEqual(refused.code, 0);
  assert.match(refused.stdout + refused.stderr, /cannot be reached.*again/is);
  assert.doesNotMatch(refused.stdout + refused.stderr, /genuine|tampered/i);
  await world.stack.startService('crypto');
  await until('the list again', async () => (await world.cli('sender', ['list'], { code: null })).code === 0);
});
