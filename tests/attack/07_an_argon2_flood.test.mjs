// SECURITY.md 7, attack 7: passwords are expensive to check, so somebody sends a great many. Their queue is
// bounded and says "busy"; codes, pages and health go on; memory stays; nobody loses an attempt by it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { request } from '../system/support/http.mjs';
import { startWorld } from '../system/support/world.mjs';
import * as attack from './support/attack.mjs';

const SENDERS = 120; // at once
const TIMES = 3; // each, one after the other, whatever he is told
const FLOOD = SENDERS * TIMES;
const GROWTH_KIB_MAX = 600 * 1024; // workers and arenas of 46 MiB each, generously

let world;
before(async () => (world = await startWorld()));
after(() => world?.stop());

test('a flood of sign-ins is told to wait, and the rest of the house goes on', async (t) => {
  const web = await attack.client();
  const beside = await attack.mailed(world, 'beside@recipient.example', { check: 'code' });
  const visitor = await attack.visit(world, beside.link);
  await visitor.sendCode();
  const code = await world.codeFor('beside@recipient.example');
  const { server } = await web.Office.open(attack.where(world));
  const before = attack.residentKib(world, 'crypto');

  let done = 0;
  let retryAfter = 0;
  let full;
  const isFull = new Promise((resolve) => (full = resolve));
  const signIn = (i) => server.call('login', { email: `flood-${i}@evil.example`, password: 'x'.repeat(256), code: '123456' }).then(() => 'ok', (error) => {
    done += 1;
    retryAfter = Math.max(retryAfter, error.word === 'busy' ? error.retryAfterS : 0);
    if (error.word === 'busy') full();
    return error.word;
  });
  const flood = Promise.all(Array.from({ length: SENDERS }, async (_, i) => {
    const words = [];
    for (let time = 0; time < TIMES; time++) words.push(await signIn(i));
    return words;
  }));
  await Promise.race([isFull, flood]);
  await visitor.verify({ code }); // while it lasts
  await visitor.open();
  const atThen = done;
  assert.equal((await request(world, 'GET', '/readyz')).status, 200);
  await visitor.sayHello();
  const said = (await flood).flat();

  assert.ok(atThen < FLOOD, "the code's message was open while the flood lasted");
  assert.ok(said.every((word) => ['wrong-secret', 'busy'].includes(word)), [...new Set(said)].join());
  assert.ok(said.includes('busy') && retryAfter > 0, 'some were told to wait, and how long');
  const grown = attack.residentKib(world, 'crypto') - before;
  assert.ok(grown < GROWTH_KIB_MAX, `crypto grew by ${grown} KiB`);
  t.diagnostic(`${said.filter((word) => word === 'busy').length} of ${FLOOD} told to wait, ${atThen} had an answer when the code's message was open; crypto grew by ${Math.round(grown / 1024)} MiB`);
  await attack.office(world); // the control
});

test('an attempt that was answered "busy" was no attempt', async () => {
  const web = await attack.client();
  const { link, message } = await attack.mailed(world, 'given-back@recipient.example');
  const { link: id, secret } = web.parseLink(new URL(link).hash);
  const { server } = await attack.visit(world, link);
  const flood = Array.from({ length: 60 }, (_, i) => attack.outcomeOf(server.call('login', { email: `more-${i}@evil.example`, password: 'x'.repeat(256), code: '123456' })));
  const mine = await Promise.all(Array.from({ length: 4 }, () => attack.outcomeOf(server.call('verify', { link: { link: id, secret }, password: 'a-wrong-guess', code: '' }))));
  await Promise.all(flood);
  assert.equal(await attack.countOf(world, message, 'verification-failed'), mine.filter((word) => word === 'wrong-secret').length);
  await (await attack.visit(world, link)).verify({ password: attack.PASSWORD });
});
