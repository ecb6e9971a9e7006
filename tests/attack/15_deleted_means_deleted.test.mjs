// SECURITY.md 7, attack 15: what was deleted is looked for in what was kept: an open session, a download
// capability, tables; and retention is killed half way. (A revoke under a download: tests/system/04; backups
// and the write-ahead log keep a key until they expire: docs/threat-model.md.)

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { allUnder } from '../support/walk.mjs';
import * as act from '../system/support/actions.mjs';
import { startWorld, until } from '../system/support/world.mjs';
import * as attack from './support/attack.mjs';

const ENDED = /^(gone|not-signed-in)$/; // the session goes with the link
const DAY = 24 * 60 * 60_000;

let world;
before(async () => (world = await startWorld({ env: { retention: { SECURE_MAIL_RETENTION_INTERVAL_S: '1' } } })));
after(() => world?.stop());

const objectsOf = (message) => allUnder(world.stack.path('objects')).filter((name) => name.includes(message));
const keyOf = (message) => world.sql(`SELECT octet_length(wrapped) FROM vault.message WHERE message = '\\x${message}' AND octet_length(wrapped) > 0`);

test('a session, a capability and a kept request do not outlive the message', async () => {
  const { link, message } = await attack.mailed(world, 'deleted@recipient.example');
  const visitor = await attack.visit(world, link);
  await visitor.verify({ password: attack.PASSWORD });
  const content = await visitor.open();
  const get = () => fetch(`${world.stack.url}/api/v1/messages/${message}/parts/0`, { headers: { 'Secure-Mail-Capability': content.reply.capability } });
  assert.equal((await get()).status, 200, 'the control');
  assert.equal(keyOf(message).length, 1, 'the control');
  await world.cli('sender', ['delete', message, '--yes']);

  assert.match(await attack.outcomeOf(visitor.open()), ENDED);
  assert.ok((await get()).status >= 400);
  assert.deepEqual(keyOf(message), [], 'the wrapped key is destroyed');
  await until('no object', () => objectsOf(message).length === 0);
});

test('opening and deleting at the same moment: either it was opened before, or it is gone', async () => {
  for (let round = 0; round < 6; round++) {
    const { link, message } = await attack.mailed(world, `race-${round}@recipient.example`);
    const visitor = await attack.visit(world, link);
    await visitor.verify({ password: attack.PASSWORD });
    const [opened, sender] = [attack.outcomeOf(visitor.open()), world.cli('sender', ['delete', message, '--yes'])];
    await sender;
    assert.ok((await opened) === 'ok' || ENDED.test(await opened), await opened);
    const kinds = act.kindsOf(await act.log(world), message);
    assert.equal(kinds.includes('opened') || (await opened) !== 'ok', true, 'what was released is in the log');
    assert.match(await attack.outcomeOf(visitor.open()), ENDED);
  }
});

test('retention that is killed again and again finishes what is due, and says so once', async () => {
  const messages = [];
  for (let i = 0; i < 5; i++) messages.push((await attack.mailed(world, `due-${i}@recipient.example`, { expires: '1d', attach: [act.makeFile(world, `due-${i}.bin`, 50_000)] })).message);
  await world.stack.stopService('retention');
  await world.moveClock(DAY + 60_000);
  for (let round = 0; round < 4; round++) {
    await world.stack.startService('retention');
    await new Promise((resolve) => setTimeout(resolve, 30 * round));
    await world.stack.killService('retention');
  }
  await world.stack.startService('retention');
  for (const message of messages) {
    await until(`no object of ${message}`, () => objectsOf(message).length === 0);
    await attack.entry(world, { kind: 'purged', message });
  }
  const log = await act.log(world);
  for (const message of messages) {
    assert.deepEqual(keyOf(message), []);
    for (const kind of ['expired', 'purged']) assert.equal(log.filter((each) => each.message === message && each.kind === kind).length, 1, kind);
  }
});
