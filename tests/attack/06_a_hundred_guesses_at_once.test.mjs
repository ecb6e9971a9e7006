// SECURITY.md 7, attack 6: guesses by the hundred, a new code to reset the count, a guess now and then for a
// month. tests/system/03 counts by the command line; here a hundred requests are on their way at the same moment.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startWorld } from '../system/support/world.mjs';
import * as attack from './support/attack.mjs';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

let world;
before(async () => (world = await startWorld()));
after(() => world?.stop());

async function guesser(link) {
  const web = await attack.client();
  const { server } = await attack.visit(world, link);
  const { link: id, secret } = web.parseLink(new URL(link).hash);
  return (proof) => attack.outcomeOf(server.call('verify', { link: { link: id, secret }, password: '', code: '', ...proof }));
}

const failures = (message) => attack.countOf(world, message, 'verification-failed');
const wrong = (code) => (code === '000000' ? '111111' : '000000');

test('a hundred guesses in flight at once are five that are looked at, passwords or codes', async () => {
  for (const check of ['password', 'code']) {
    const address = `at-once-${check}@recipient.example`;
    const { link, message } = await attack.mailed(world, address, { check });
    const visitor = await attack.visit(world, link);
    if (check === 'code') await visitor.sendCode();
    const guess = await guesser(link);
    const code = check === 'code' ? wrong(await world.codeFor(address)) : '';
    const said = await Promise.all(Array.from({ length: 100 }, (_, i) => guess(check === 'code' ? { code } : { password: `a-wrong-guess-${i}` })));

    assert.ok(said.every((word) => ['wrong-secret', 'locked', 'busy'].includes(word)), [...new Set(said)].join());
    assert.ok((await failures(message)) <= 5, check);
    for (let i = 0; i < 6; i++) await guess(check === 'code' ? { code } : { password: 'a-wrong-guess' }); // what was "busy" was given back
    assert.equal(await failures(message), 5, check);
    assert.equal(await guess(check === 'code' ? { code: '123456' } : { password: attack.PASSWORD }), 'locked', 'also for the right one');
  }
});

test('guessing slowly for a month comes to twenty guesses, and then only the sender can help', async () => {
  const { link, message } = await attack.mailed(world, 'month@recipient.example', { expires: '30d' });
  for (let week = 0; week < 5; week++) {
    await world.moveClock(4 * DAY);
    const guess = await guesser(link);
    for (let i = 0; i < 5; i++) await guess({ password: 'a-wrong-guess' }); // a lock that is over each time
  }
  assert.equal(await failures(message), 20);
  assert.equal(await (await guesser(link))({ password: attack.PASSWORD }), 'frozen');
  await attack.entry(world, { kind: 'frozen', message });
  await world.cli('sender', ['unlock', message, '--recipient', 'month@recipient.example']);
  assert.equal(await (await guesser(link))({ password: attack.PASSWORD }), 'ok', 'the control');
});

test('sign-in is throttled by account and logged, and an address without an account is throttled alike', async () => {
  const web = await attack.client();
  for (const email of ['boss@clinic.example', 'nobody@clinic.example']) {
    const { server } = await web.Office.open(attack.where(world));
    const log = attack.listen(world, 'crypto');
    const said = [];
    for (let i = 0; i < 7; i++) said.push(await attack.outcomeOf(server.call('login', { email, password: 'a-wrong-guess', code: '123456' })));
    assert.deepEqual(said, ['wrong-secret', 'wrong-secret', 'wrong-secret', 'wrong-secret', 'locked', 'locked', 'locked'], email);
    await log.logged({ event: 'sealed-call', operation: 'login', outcome: 'locked' });
  }
  assert.equal(await attack.outcomeOf((await web.Office.open(attack.where(world))).signIn('boss@clinic.example', 'password-of-boss')), 'locked');
  await world.moveClock(16 * MINUTE);
  const kinds = (await attack.entry(world, { kind: 'sign-in-failed' })).kind;
  assert.equal(kinds, 'sign-in-failed');
  await attack.office(world, 'boss');
});
