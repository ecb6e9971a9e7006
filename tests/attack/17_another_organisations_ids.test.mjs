// SECURITY.md 7, the next five: ids of another organisation, an administrator who wants another's log, a
// role that one has not, a second factor used twice, a session that should be over.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';

import * as act from '../system/support/actions.mjs';
import { startWorld, until } from '../system/support/world.mjs';
import * as attack from './support/attack.mjs';

let world;
let target; // of Clinic West
before(async () => {
  await attack.client();
  world = await startWorld();
  target = await attack.mailed(world, 'target@recipient.example');
  const west = world.organisation;
  world.organisation = (await world.admin(['org', 'create', '--name', 'Law Firm East', '--language', 'en'])).json.organisation;
  await world.makeUser('east', 'sender@east.example', 'Eve East', 'sender,admin,auditor');
  world.organisation = west;
});
after(() => world?.stop());

test("whoever is everything in his own organisation is nobody in another's", async () => {
  const east = await attack.office(world, 'east');
  const before = attack.stateOf(world, 'vault.message', 'vault.link', 'vault.account');
  const link = world.sql('SELECT link FROM vault.link LIMIT 1')[0][0].replace('\\x', '');
  const [[boss]] = world.sql(`SELECT account FROM vault.account WHERE email = 'boss@clinic.example'`);
  const { message } = target;
  const wishes = {
    read: { message }, delete: { message }, revoke: { message, link: '' }, unlock: { message, link }, resend: { message, link },
    reset_issue: { user: boss.replace('\\x', ''), is_mailed: false }, compose: { message },
  };
  for (const [name, content] of Object.entries(wishes)) {
    const word = await attack.outcomeOf(east.call(name, content)).catch((error) => error.name);
    assert.ok(['not-found', 'not-allowed', 'gone', 'conflict'].includes(word), `${name}: ${word}`);
  }
  assert.deepEqual((await east.call('subjects', { messages: [{ message }] })).subjects, []);
  await assert.rejects(east.detail(message), (error) => ['not-found', 'not-allowed', 'gone'].includes(error.word));
  assert.deepEqual((await east.list()).messages, []);
  assert.equal(attack.stateOf(world, 'vault.message', 'vault.link', 'vault.account'), before);
  await (await attack.office(world)).read(message); // the control
});

test('a right to upload here is none to touch a message there', async () => {
  const east = await attack.office(world, 'east');
  const { capability } = await east.call('compose', { message: 'cd'.repeat(16) });
  const get = await fetch(`${world.stack.url}/api/v1/messages/${target.message}/parts/0`, { headers: { 'Secure-Mail-Capability': capability } });
  assert.ok([401, 403].includes(get.status));
});

test("an administrator's export holds his own log and nothing of another's", async () => {
  const file = world.path('east.ndjson');
  await world.run('securemail-admin', ['audit', 'export', '--output', file], { home: 'east' });
  const { readFileSync } = await import('node:fs');
  const text = readFileSync(file, 'utf8');
  assert.ok(!text.includes(world.organisation) && !text.includes('clinic.example') && !text.includes(target.message));
  assert.ok(text.includes('east.example'), 'the control');
});

test('roles are checked by crypto: a sender is no administrator, an administrator no sender', async () => {
  const log = attack.listen(world, 'crypto');
  const sender = await attack.office(world);
  const policy = { methods: 2, method_floor: 0, lifetimes: 7, default_method: 0, default_lifetime_days: 0 };
  for (const [name, content] of Object.entries({ policy_set: policy, audit_access: {}, status: {}, reset_issue: { user: 'ef'.repeat(16), is_mailed: false } }))
    assert.equal(await attack.outcomeOf(sender.call(name, content)), 'not-allowed', name);
  await log.logged({ event: 'sealed-call', operation: 'policy_set', outcome: 'not-allowed' });
  const boss = await attack.office(world, 'boss');
  for (const [name, content] of Object.entries({ compose: { message: 'ef'.repeat(16) }, read: { message: target.message } }))
    assert.equal(await attack.outcomeOf(boss.call(name, content)), 'not-allowed', name);
  assert.equal(await attack.outcomeOf(boss.call('audit_access', {})), 'ok', 'the control');
});

// RFC 6238, by the database's clock.
function totp(secret, offsetMs = 0) {
  const bits = [...secret].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor((Date.now() + world.clockOffsetMs + offsetMs) / 30_000)));
  const mac = createHmac('sha1', Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)))).update(step).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

test('a time-based code is good once, also for two at the same moment', async () => {
  const east = await attack.office(world, 'east');
  const { secret } = await east.beginTotp();
  await east.confirmTotp(totp(secret));
  const web = await attack.client();
  const signIn = async (code) => attack.outcomeOf((await web.Office.open(attack.where(world))).signIn('sender@east.example', 'password-of-east', code));
  const next = totp(secret, 30_000);
  const said = await Promise.all([signIn(next), signIn(next), signIn(next)]);
  assert.equal(said.filter((word) => word === 'ok').length, 1, said.join());
  assert.equal(await signIn(next), 'wrong-secret');
  assert.equal(await signIn(''), 'code-needed');
});

test("who may read the log may no longer once his session has ended, with what he was given before", async () => {
  const web = await attack.client();
  const office = await web.Office.open(attack.where(world));
  await office.signIn('boss@clinic.example', 'password-of-boss', '');
  const { capability } = await office.call('audit_access', {});
  const asked = () => fetch(`${world.stack.url}/api/v1/audit/entries`, { headers: { 'Secure-Mail-Capability': capability } }).then(({ status }) => status);
  assert.equal(await asked(), 200, 'the control');
  await office.signOut();
  await until('the gateway to have heard of it', async () => (await asked()) === 401);
});

test('a session ends by sign-out, by a changed password, by disabling and by time', async () => {
  const web = await attack.client();
  const kept = async (home) => {
    const office = await attack.office(world, home);
    const { server } = office;
    let session;
    const call = server.call.bind(server);
    server.call = (name, content, parts) => ((session = content.session ?? session), call(name, content, parts));
    await office.call('organisation', {});
    return { office, session: () => session, still: () => attack.outcomeOf(call('organisation', { session })) };
  };
  const out = await kept('sender');
  assert.equal(await out.still(), 'ok');
  await out.office.signOut();
  assert.equal(await out.still(), 'not-signed-in', 'signed out');

  const [first, second] = [await kept('sender'), await kept('sender')];
  await second.office.changePassword('password-of-sender', 'password-of-sender');
  assert.equal(await first.still(), 'not-signed-in', 'the other one after a changed password');

  const late = await kept('sender');
  await world.admin(['user', 'disable', '--org', world.organisation, '--email', 'sender@clinic.example']);
  assert.equal(await late.still(), 'not-signed-in', 'disabled');
  const boss = await kept('boss');
  delete world.people.sender;
  delete world.people.east;
  await world.moveClock(13 * 60 * 60_000);
  const fresh = await web.Server.open(attack.where(world)); // with a time token of today
  assert.equal(await attack.outcomeOf(fresh.call('organisation', { session: boss.session() })), 'not-signed-in', 'after twelve hours');
});
