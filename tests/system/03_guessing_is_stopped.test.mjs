// PRODUCT.md R4: five failures lock a link for 15 minutes, a hundred parallel guesses are five checked
// guesses, the twentieth failure freezes, and only the sender unlocks. The test moves the one clock.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import * as act from './support/actions.mjs';
import { startWorld, until } from './support/world.mjs';

const MINUTE = 60_000;
const LOCKED = 4;

let world;
before(async () => (world = await startWorld()));
after(() => world?.stop());

async function freshLink(address, check = 'password') {
  const sent = await act.send(world, { to: address, check, password: 'the-right-one' });
  return { ...sent, link: await act.linkOf(world, address) };
}

const guess = (link, exit = null) => act.open(world, link, { password: 'a-wrong-guess', exit });

async function failures(link, count) {
  for (let i = 0; i < count; i++) await guess(link);
}

const checkedGuesses = async (message) =>
  (await act.log(world)).filter((entry) => entry.message === message && entry.kind === 'verification-failed').length;

test('five wrong passwords lock for fifteen minutes, and then the right one opens', async () => {
  const { link } = await freshLink('lock@recipient.example');
  await failures(link, 4);
  const fifth = await guess(link);
  assert.notEqual(fifth.code, 0);

  const right = await act.open(world, link, { password: 'the-right-one', exit: LOCKED });
  assert.match(right.stdout + right.stderr, /lock/i);

  await world.moveClock(14 * MINUTE);
  await act.open(world, link, { password: 'the-right-one', exit: LOCKED });
  await world.moveClock(2 * MINUTE);
  await act.open(world, link, { password: 'the-right-one' });
});

test('the sender is told of the first lockout', async () => {
  const { link } = await freshLink('told@recipient.example');
  const before = world.mails.filter((mail) => mail.to === 'sender@clinic.example').length;
  await failures(link, 5);

  await until('the mail to the sender', () => world.mails.filter((mail) => mail.to === 'sender@clinic.example').length > before);
});

test('a hundred parallel guesses are five checked guesses', async () => {
  const { link, message } = await freshLink('parallel@recipient.example');
  await Promise.all(Array.from({ length: 100 }, () => guess(link)));

  assert.equal(await checkedGuesses(message), 5);
  await act.open(world, link, { password: 'the-right-one', exit: LOCKED });
});

test('the twentieth failure freezes until the sender unlocks', async () => {
  const { link, message } = await freshLink('freeze@recipient.example');
  for (let window = 0; window < 4; window++) {
    await failures(link, 5);
    await world.moveClock(16 * MINUTE);
  }
  assert.equal(await checkedGuesses(message), 20);
  const frozen = await act.open(world, link, { password: 'the-right-one', exit: LOCKED });
  assert.match(frozen.stdout + frozen.stderr, /sender/i);
  await world.moveClock(24 * 60 * MINUTE);
  await act.open(world, link, { password: 'the-right-one', exit: LOCKED });

  await world.cli('sender', ['unlock', message, '--recipient', 'freeze@recipient.example']);
  await act.open(world, link, { password: 'the-right-one' });
});

test('asking for another code does not reset the count, and a code is good once', async () => {
  const { link, message } = await freshLink('code@recipient.example', 'code');
  await act.sendCode(world, link);
  const code = await world.codeFor('code@recipient.example');
  const wrong = code === '000000' ? '111111' : '000000';
  for (let i = 0; i < 4; i++) await act.open(world, link, { code: wrong, exit: null });
  await world.moveClock(2 * MINUTE);
  await act.sendCode(world, link);
  await world.codeFor('code@recipient.example', 1);
  await act.open(world, link, { code: wrong, exit: null });
  assert.equal(await checkedGuesses(message), 5);
  await act.open(world, link, { code, exit: LOCKED });

  await world.moveClock(16 * MINUTE);
  await act.sendCode(world, link);
  const third = await world.codeFor('code@recipient.example', 2);
  await act.open(world, link, { code: third, home: 'first' });
  const again = await act.open(world, link, { code: third, home: 'second', exit: null });
  assert.notEqual(again.code, 0);
});

test('the programs have no clock switch', async () => {
  const { MODE, BIN } = await import('./support/world.mjs');
  const { readdirSync, readFileSync } = await import('node:fs');
  for (const program of readdirSync(BIN).filter((name) => name.endsWith('-service'))) {
    const text = readFileSync(`${BIN}/${program}`).toString('latin1');
    assert.ok(!/SECURE_MAIL_(CLOCK|TIME|NOW)\b/.test(text), `${program} (${MODE})`);
  }
});
