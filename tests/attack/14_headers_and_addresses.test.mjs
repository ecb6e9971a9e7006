// SECURITY.md 7, attack 14: line ends in addresses and names, a foreign Host in a link, redirects, and codes
// to somebody whose address only looks like the recipient's.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import * as act from '../system/support/actions.mjs';
import { request } from '../system/support/http.mjs';
import { startWorld } from '../system/support/world.mjs';
import * as attack from './support/attack.mjs';

let world;
before(async () => (world = await startWorld()));
after(() => world?.stop());

const BAD_ADDRESSES = ['a@b.example\r\nBcc: x@evil.example', 'a@b.example\nx', 'a@b.example, x@evil.example', 'a@b.example x@evil.example', '<a@b.example>', 'a@b.example>', 'a b@b.example',
  'a@b.example\u0000', 'ánn@b.example', 'аnn@b.example', 'a@b', 'a@', '@b.example', 'a@@b.example', 'a@b..example', 'a@-b.example', '"a"@b.example', 'a@[127.0.0.1]', `${'a'.repeat(250)}@b.example`];
const BAD_NAMES = ['Ann\r\nBcc: x@evil.example', 'Ann\nx', 'Ann\u0000', 'Ann\u2028x', 'x'.repeat(200)];

test('an address or a name that could become a header is refused when the message is made', async () => {
  const mails = world.mails.length;
  for (const to of BAD_ADDRESSES.filter((each) => !each.includes('\u0000')))
    assert.notEqual((await act.send(world, { to, code: null })).code, 0, JSON.stringify(to));
  assert.equal(world.mails.length, mails);
  await attack.mailed(world, 'good@recipient.example');
});

test('crypto itself refuses them: the client is nobody to rely on', async () => {
  const office = await attack.office(world);
  const kept = await sessionOf(office);
  const message = crypto.getRandomValues(new Uint8Array(16));
  const part = { number: 0, ciphertext_size: 200, commitment: new Uint8Array(32) };
  const wish = (recipient) => ({ session: kept, message, parent: new Uint8Array(16), key: new Uint8Array(32), lifetime_days: 7, undo_s: 0, language: 'en',
    subject_sealed: new Uint8Array(40), recipients: [{ address: 'a@recipient.example', name: '', method: 1, password: 'correct-horse', ...recipient }], parts: [part] });
  for (const address of BAD_ADDRESSES) assert.ok(['bad-value', 'bad-format', 'too-large'].includes(await sent(office, wish({ address }))), JSON.stringify(address));
  for (const name of BAD_NAMES) assert.ok(['bad-value', 'bad-format', 'too-large'].includes(await sent(office, wish({ name }))), JSON.stringify(name));
  assert.equal(await sent(office, wish({})), 'ok', 'the control');
  assert.equal(world.sql(`SELECT count(*) FROM vault.link WHERE address NOT LIKE '%@recipient.example'`)[0][0], '0');
});

/** The session of a signed-in office, as a test can hear it: a call of its own that is decoded on the way. */
async function sessionOf(office) {
  let heard = null;
  const { call } = office.server;
  office.server.call = (name, content) => ((heard = content.session), Promise.reject(new TypeError('heard')));
  await office.call('organisation', {}).catch(() => {});
  office.server.call = call;
  return { session: attack.bytesOf(heard.session), secret: heard.secret };
}

/** A send straight to crypto, past the gateway's own look at the parts: by the bus. */
async function sent(office, content) {
  const { encode, decode } = await import('@msgpack/msgpack');
  const { startMouth } = await import('./support/mouth.mjs');
  const web = await attack.client();
  const meta = { request: crypto.getRandomValues(new Uint8Array(16)), time_token: office.server.keys.time_token };
  const { frame, exchange } = await web.sealRequest(office.server.keys.hpke_public, { operation: 'send', aad: encode({ message: content.message, parts: 1 }), plaintext: encode({ meta, ...content }) });
  const gateway = startMouth(world);
  const { fields } = await gateway.carry('send', frame);
  await gateway.stop();
  const opened = await exchange.open(fields.sealed);
  assert.ok(decode(opened.subarray(1)));
  return web.ERRORS[opened[0]];
}

test('links begin with what is configured, whatever a request says the host is', async () => {
  for (const headers of [{ Host: 'evil.example' }, { Host: 'evil.example', 'X-Forwarded-Host': 'evil.example' }, { 'X-Forwarded-Proto': 'gopher' }, { Forwarded: 'host=evil.example' }]) {
    const answer = await request(world, 'GET', '/m', { headers });
    assert.ok(!answer.body.toString().includes('evil.example'));
    assert.equal(answer.headers.location, undefined);
  }
  const { link } = await attack.mailed(world, 'host@recipient.example');
  assert.ok(link.startsWith(`${world.stack.url}/m#`), link);
});

test('nothing redirects, and no query chooses where to', async () => {
  for (const path of ['/?next=https://evil.example', '/m?url=//evil.example', '//evil.example', '/\\evil.example', '/%0d%0aLocation:%20https://evil.example', '/login?return=https://evil.example']) {
    const answer = await request(world, 'GET', path);
    assert.equal(answer.headers.location, undefined, path);
    assert.ok(answer.status < 300 || answer.status >= 400, path);
  }
});

test('a code goes to the address that the sender wrote, letter for letter, and to no other', async () => {
  const variants = ['Ann@Recipient.Example', 'ann+secure@recipient.example', 'a.nn@recipient.example'];
  for (const address of variants) {
    const { link } = await attack.mailed(world, address, { check: 'code' });
    await act.sendCode(world, link);
    await world.codeFor(address);
  }
  assert.deepEqual([...new Set(world.mails.filter((mail) => mail.code).map((mail) => mail.to))].sort(), [...variants].sort());
  const twice = await act.send(world, { to: ['Same@recipient.example', 'same@recipient.example'], code: null });
  assert.notEqual(twice.code, 0, 'one address in two spellings is one address');
});
