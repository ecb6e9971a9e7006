// SECURITY.md 7, attack 8: a mail scanner fetches the link, posts to it, and runs the page's script far
// enough to say hello. Status, codes and attempts stay; the recipient opens afterwards. (Forms and verbs:
// tests/system/05; a scanner that clicks: tests/browser/recipient_is_not_fooled.)

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import * as act from '../system/support/actions.mjs';
import { request } from '../system/support/http.mjs';
import { startWorld, until } from '../system/support/world.mjs';
import * as attack from './support/attack.mjs';

const DECISIVE = ['vault.link', 'vault.code', 'vault.link_session', 'vault.message', 'outbox.job'];

let world;
before(async () => (world = await startWorld()));
after(() => world?.stop());

test('a scanner that runs scripts shows the page, and changes nothing that is decided by', async () => {
  const { link, message } = await attack.mailed(world, 'scanned@recipient.example', { check: 'code' });
  const status = async () => (await act.show(world, message)).recipients?.[0]?.status ?? (await act.list(world)).find((each) => each.message === message).status;
  await until('the delivery', async () => (await status()) === 'delivered');
  const before = attack.stateOf(world, ...DECISIVE);
  const statusBefore = await status();
  const mails = world.mails.length;

  for (const method of ['GET', 'HEAD', 'POST']) await request(world, method, '/m', { body: method === 'POST' ? 'x=1' : null });
  for (let i = 0; i < 20; i++) await attack.visit(world, link); // hello, as the page says it when it is loaded

  assert.equal(attack.stateOf(world, ...DECISIVE), before);
  assert.equal(await status(), statusBefore);
  assert.equal(world.mails.length, mails, 'no code was sent');
  assert.equal(await attack.countOf(world, message, 'page-shown'), 1, 'said once an hour at most');
  assert.equal(await attack.countOf(world, message, 'opened'), 0);

  await act.sendCode(world, link);
  await act.open(world, link, { code: await world.codeFor('scanned@recipient.example') });
  assert.equal(await attack.countOf(world, message, 'opened'), 1, 'the control');
});

test('a scanner that presses the button makes one mail a minute and six an hour, and opens nothing', async () => {
  const { link, message } = await attack.mailed(world, 'pressed@recipient.example', { check: 'code' });
  const visitor = await attack.visit(world, link);
  const said = [];
  for (let i = 0; i < 5; i++) said.push(await attack.outcomeOf(visitor.sendCode()));
  assert.deepEqual(said, ['ok', 'rate-limited', 'rate-limited', 'rate-limited', 'rate-limited']);
  for (let i = 0; i < 7; i++) {
    await world.moveClock(61_000);
    said.push(await attack.outcomeOf((await attack.visit(world, link)).sendCode()));
  }
  assert.equal(said.filter((word) => word === 'ok').length, 6);
  assert.equal(await attack.countOf(world, message, 'opened'), 0);
});
