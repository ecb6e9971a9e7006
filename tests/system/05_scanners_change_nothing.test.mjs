// FIELD.md pain 1, DESIGN 5: what a mail scanner does to a link (GET, HEAD, blind POST, with and without
// the fragment glued on) changes no state, sends no code and uses nothing up.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import * as act from './support/actions.mjs';
import { request } from './support/http.mjs';
import { startWorld, until } from './support/world.mjs';

let world;
before(async () => (world = await startWorld()));
after(() => world?.stop());

// Everything that the product decides by, as one text.
const state = () =>
  JSON.stringify(['vault.link', 'vault.code', 'vault.link_session', 'vault.message', 'outbox.job']
    .map((table) => world.sql(`SELECT * FROM ${table} AS each ORDER BY each::text`)));

test('GET, HEAD and blind POST of a link change nothing, and the recipient opens it afterwards', async () => {
  const sent = await act.send(world, { to: 'scanned@recipient.example', check: 'code' });
  const link = await act.linkOf(world, 'scanned@recipient.example');
  const { pathname, hash } = new URL(link);
  // The mail is there a moment before it is recorded that it went out.
  await until('the mail to be settled', () => world.sql('SELECT count(*) FROM outbox.job WHERE state = 1')[0][0] === '0');
  const before = state();
  const mails = world.mails.length;

  for (const path of [pathname, `${pathname}?${hash.slice(1)}`, `${pathname}/${hash.slice(1)}`, `${pathname}%23${hash.slice(1)}`])
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS', 'DELETE'])
      await request(world, method, path, { body: method === 'POST' ? 'code=123456&button=send' : null,
        headers: { 'user-agent': 'Mozilla/5.0 (scanner)', 'content-type': 'application/x-www-form-urlencoded' } });
  for (const operation of ['hello', 'send_code', 'verify', 'verify_open', 'open', 'nonsense'])
    for (const method of ['GET', 'HEAD', 'POST'])
      await request(world, method, `/api/v1/sealed/${operation}`, { body: method === 'POST' ? hash.slice(1) : null });

  assert.equal(state(), before);
  assert.equal(world.mails.length, mails);
  const kinds = act.kindsOf(await act.log(world), sent.message);
  for (const kind of ['page-shown', 'code-sent', 'verification-failed', 'opened']) assert.ok(!kinds.includes(kind), kind);

  await act.sendCode(world, link);
  await act.open(world, link, { code: await world.codeFor('scanned@recipient.example') });
});

test('the page of a link answers plainly, with the headers that keep it quiet', async () => {
  const page = await request(world, 'GET', '/m');

  assert.equal(page.status, 200);
  assert.match(page.headers['content-security-policy'], /default-src 'none'/);
  assert.equal(page.headers['referrer-policy'], 'no-referrer');
  assert.equal(page.headers['cache-control'], 'no-store');
  assert.equal(page.headers['x-content-type-options'], 'nosniff');
});
