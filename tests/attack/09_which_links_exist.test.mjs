// SECURITY.md 7, attack 9: whether a link exists, has expired, was revoked or deleted is told by nothing:
// not by status, headers, length or words. How long it takes is reported, not asserted.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startWorld } from '../system/support/world.mjs';
import * as attack from './support/attack.mjs';

const ROUNDS = 25;
const DAY = 24 * 60 * 60_000;

let world;
let web;
const links = {};
before(async () => {
  web = await attack.client();
  world = await startWorld();
  const parse = (link) => {
    const { link: id, secret } = web.parseLink(new URL(link).hash);
    return { link: id, secret };
  };
  links.expired = parse((await attack.mailed(world, 'expired@recipient.example', { expires: '1d' })).link);
  await world.moveClock(DAY + 60_000);
  const revoked = await attack.mailed(world, 'revoked@recipient.example');
  const deleted = await attack.mailed(world, 'deleted@recipient.example');
  const live = await attack.mailed(world, 'live@recipient.example');
  links.revoked = parse(revoked.link);
  links.deleted = parse(deleted.link);
  links.live = parse(live.link);
  await world.cli('sender', ['revoke', revoked.message]);
  await world.cli('sender', ['delete', deleted.message, '--yes']);
  links.unknown = { link: 'ab'.repeat(16), secret: crypto.getRandomValues(new Uint8Array(32)) };
  links['live, with a wrong secret'] = { ...links.live, secret: crypto.getRandomValues(new Uint8Array(32)) };
});
after(() => world?.stop());

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const content = {
  hello: (link) => ({ link: { link: attack.bytesOf(link.link), secret: link.secret } }),
  send_code: (link) => content.hello(link),
  verify: (link) => ({ ...content.hello(link), password: attack.PASSWORD, code: '' }),
};

for (const operation of Object.keys(content))
  test(`${operation} answers unknown, expired, revoked, deleted and mistaken links alike`, async (t) => {
    const server = await web.Server.open(attack.where(world));
    const seen = {};
    const took = {};
    for (let round = 0; round < ROUNDS; round++)
      for (const [name, link] of Object.entries(links).filter(([each]) => each !== 'live')) {
        const from = performance.now();
        const { word, facts, status, size, headers } = await attack.rawCall(server, operation, content[operation](link));
        (took[name] ??= []).push(performance.now() - from);
        const told = Object.fromEntries([...headers].filter(([header]) => header !== 'date'));
        (seen[name] ??= new Set()).add(JSON.stringify({ word, facts, status, size, told }));
      }
    const all = new Set(Object.values(seen).flatMap((each) => [...each]));
    assert.equal(all.size, 1, [...all].join('\n'));
    assert.match([...all][0], /"word":"gone"/);
    t.diagnostic(`${operation}, median ms of ${ROUNDS}: ${Object.entries(took).map(([name, each]) => `${name} ${median(each).toFixed(2)}`).join(', ')}`);
    assert.equal((await attack.rawCall(server, 'hello', content.hello(links.live))).word, 'ok', 'the control');
  });

test('sign-in tells nobody which addresses have an account', async (t) => {
  const server = await web.Server.open(attack.where(world));
  const seen = new Set();
  const took = {};
  for (const email of ['sender@clinic.example', 'nobody@clinic.example', 'not an address'])
    for (let i = 0; i < 3; i++) {
      const from = performance.now();
      const { word, facts, status, size } = await attack.rawCall(server, 'login', { email, password: 'a-wrong-guess', code: '123456' });
      (took[email] ??= []).push(performance.now() - from);
      seen.add(JSON.stringify({ i, word, facts, status, size }));
    }
  assert.equal(seen.size, 3, [...seen].join('\n'));
  t.diagnostic(`login, median ms: ${Object.entries(took).map(([name, each]) => `${name} ${median(each).toFixed(1)}`).join(', ')}`);
});
