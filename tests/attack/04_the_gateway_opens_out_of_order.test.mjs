// SECURITY.md 7, attack 4: the gateway asks for what it may not, and for what it may in the wrong order:
// keys without a check, a sender's work without his secret, the log's truth. Each is refused by the one
// who holds the secret, and stands in his log.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, test } from 'node:test';

import * as act from '../system/support/actions.mjs';
import { startWorld } from '../system/support/world.mjs';
import * as attack from './support/attack.mjs';
import { OPERATIONS, id, newId, startMouth } from './support/mouth.mjs';

const { PASSWORD } = attack;
const OF_THE_GATEWAY = {
  crypto: ['PING', 'KEYS', 'CARRY', 'FEED', 'KNOWN'],
  notifier: ['PING', 'DELIVERY_FEED'],
  retention: ['PING', 'PURGE', 'SWEEP_STATUS'],
  audit: ['PING', 'QUERY', 'EXPORT', 'CHECKPOINT', 'PROVE', 'DECLARATION'],
};

let world;
let web;
let gateway;
const own = {}; // a message that the attacks are about
before(async () => {
  web = await attack.client();
  world = await startWorld();
  gateway = startMouth(world);
  Object.assign(own, await attack.mailed(world, 'target@recipient.example'));
});
after(async () => {
  await gateway?.stop();
  await world?.stop();
});

// --- the bus ---

for (const [service, allowed] of Object.entries(OF_THE_GATEWAY))
  test(`${service} refuses every operation that is not the gateway's, and says who asked`, async () => {
    const log = attack.listen(world, service);
    const before = attack.stateOf(world, 'vault.message', 'vault.account', 'vault.link', 'vault.organisation');
    const outcomes = [];
    for (const operation of Object.keys(OPERATIONS).filter((each) => !allowed.includes(each))) {
      const { outcome } = await gateway.ask(service, operation, {}, { key: 'ab'.repeat(16) });
      assert.ok(['not-allowed', 'unknown-operation'].includes(outcome), `${operation}: ${outcome}`);
      outcomes.push(outcome);
    }
    const taken = new Set(Object.values(OPERATIONS));
    for (const number of [0x0004, 0x0116, 0x01fe, 0x02fe, 0x04fe, 0xfffe].filter((each) => !taken.has(each))) { // nobody's: no "unwrap" is hidden beside the catalogue
      assert.equal((await gateway.ask(service, number, {})).outcome, 'unknown-operation');
      outcomes.push('unknown-operation');
    }
    const written = await log.all({ event: 'bus-request-refused', peer: 'gateway' }, outcomes.length);
    assert.deepEqual(written.map((line) => line.error).sort(), outcomes.sort(), 'each is written down');
    assert.equal(new Set(written.map((line) => line.operation)).size, outcomes.length, 'by its own name');
    assert.equal(attack.stateOf(world, 'vault.message', 'vault.account', 'vault.link', 'vault.organisation'), before);
    assert.equal((await gateway.ask(service, 'PING')).fields.service, service, 'the control: what it may is answered');
  });

test("the operator's socket does not obey the gateway's key", async () => {
  const intruder = startMouth(world, 'gateway', { operator: true });
  for (const operation of ['ORG_LIST', 'ORG_CREATE', 'USER_CREATE', 'USER_PASSWORD', 'USER_RESET', 'POLICY_SET', 'KEY_STATUS'])
    assert.equal((await intruder.ask('crypto', operation, {}, { key: 'cd'.repeat(16) })).outcome, 'not-allowed', operation);
  await intruder.stop();
  const operator = startMouth(world, 'operator', { operator: true });
  assert.equal((await operator.ask('crypto', 'ORG_LIST')).outcome, 'ok', 'the control: the operator is heard');
  await operator.stop();
});

test('a purge that the gateway wishes for harms nothing that lives', async () => {
  const { fields } = await gateway.ask('retention', 'PURGE', { message: id(own.message) });
  assert.equal(fields.is_purged, false);
  await act.open(world, own.link, { password: PASSWORD });
});

// --- the order of a link ---

const made = (session = newId()) => ({ session: Buffer.from(session).toString('hex'), secret: crypto.randomBytes(32) });

async function calls(link) {
  const visitor = await attack.visit(world, link);
  const proof = { link: web.parseLink(new URL(link).hash).link, secret: web.parseLink(new URL(link).hash).secret };
  return { visitor, proof, call: (name, content) => attack.outcomeOf(visitor.server.call(name, content)) };
}

/** A sealed call that is refused, and of which crypto has written that it was. */
async function refused(call, name, content, words = name) {
  const log = attack.listen(world, 'crypto');
  assert.equal(await call(name, content), 'not-signed-in', words);
  await log.logged({ event: 'sealed-call', operation: name, outcome: 'not-signed-in' });
}

test('nothing is released before the check: open, thread, reply in every order', async () => {
  const fresh = await attack.mailed(world, 'order@recipient.example');
  const { call, proof } = await calls(fresh.link);
  const session = made();
  for (const name of ['open', 'thread']) await refused(call, name, { session });
  await refused(call, 'open', { session: { session: proof.link, secret: proof.secret } }, 'the link is no session');
  for (const name of ['open_message', 'reply_compose']) await refused(call, name, { session, message: fresh.message });

  const kinds = act.kindsOf(await act.log(world), fresh.message);
  for (const kind of ['opened', 'verified', 'replied', 'download-granted']) assert.ok(!kinds.includes(kind), kind);
  assert.equal(await call('verify', { link: proof, password: PASSWORD, code: '' }), 'ok', 'the control');
});

test('a code that nobody asked for is not guessed, and is asked for before it is checked', async () => {
  const fresh = await attack.mailed(world, 'no-code@recipient.example', { check: 'code' });
  const { call, proof } = await calls(fresh.link);
  for (const name of ['verify', 'verify_open']) {
    assert.equal(await call(name, { link: proof, password: '', code: '000000' }), 'wrong-secret', name);
    assert.equal(await call(name, { link: proof, password: PASSWORD, code: '' }), 'bad-value', `${name}: nor by the other method`);
  }
  assert.equal(await attack.countOf(world, fresh.message, 'verification-failed'), 2);
  assert.equal(await attack.countOf(world, fresh.message, 'opened'), 0);
});

test("one link's session opens no other link's message, and none after its end", async () => {
  const [mine, other] = [await attack.mailed(world, 'mine@recipient.example'), await attack.mailed(world, 'other@recipient.example')];
  const { visitor, proof, call } = await calls(mine.link);
  const { session } = await visitor.server.call('verify', { link: proof, password: PASSWORD, code: '' });
  assert.equal(await call('open_message', { session, message: other.message }), 'gone');
  assert.equal(await call('open', { session: { ...session, secret: crypto.randomBytes(32) } }), 'not-signed-in', 'the id alone, which a table holds');
  assert.equal(await call('open', { session }), 'ok', 'the control');

  await world.cli('sender', ['revoke', mine.message]);
  assert.equal(await call('open', { session }), 'gone');
  assert.equal(await attack.countOf(world, other.message, 'opened'), 0);
});

test('a session ends after half an hour, by the one clock', async () => {
  const fresh = await attack.mailed(world, 'half-hour@recipient.example');
  const { visitor, proof } = await calls(fresh.link);
  const { session } = await visitor.server.call('verify', { link: proof, password: PASSWORD, code: '' });
  await world.moveClock(31 * 60_000);
  const again = await calls(fresh.link);
  assert.equal(await again.call('open', { session }), 'not-signed-in');
});

// --- as a sender, without his secret ---

test("with the session's id and the cookie, which it has, the gateway acts as nobody", async () => {
  const sender = await attack.office(world);
  const [[hex]] = world.sql('SELECT session FROM vault.session ORDER BY expires_ms DESC LIMIT 1');
  const stolen = { session: hex.replace('\\x', ''), secret: crypto.randomBytes(32) };
  const message = own.message;
  const rows = ['vault.message', 'vault.link', 'vault.account', 'vault.organisation', 'vault.organisation_key'];
  const before = attack.stateOf(world, ...rows);
  const wishes = {
    renew: {}, logout: {}, totp_begin: {}, organisation: {}, status: {}, audit_access: {},
    rotation_begin: { version: 1 }, rotation_step: {},
    compose: { message: 'ef'.repeat(16) }, read: { message }, delete: { message }, revoke: { message, link: '' }, unlock: { message, link: '' },
    resend: { message, link: '' }, subjects: { messages: [{ message }] }, reset_issue: { user: 'ef'.repeat(16), is_mailed: false },
    password_change: { old_password: 'password-of-sender', new_password: 'a-new-password' },
    policy_set: { methods: 2, method_floor: 0, lifetimes: 7, default_method: 0, default_lifetime_days: 0 },
  };
  const call = (name, content) => attack.outcomeOf(sender.server.call(name, content));
  for (const [name, content] of Object.entries(wishes)) await refused(call, name, { session: stolen, ...content });
  assert.equal(attack.stateOf(world, ...rows), before);
  await sender.read(message); // the control: with the secret it is the sender
});

test("a sender replaces no key, nor goes on with a replacement: crypto says so, whatever the gateway carries", async () => {
  const versions = () => world.sql('SELECT version FROM vault.organisation_key ORDER BY 1').flat().map(Number);
  const log = attack.listen(world, 'crypto');
  const [version] = versions();
  const sender = await attack.office(world);
  for (const [name, content] of [['rotation_begin', { version }], ['rotation_step', {}]]) {
    assert.equal(await attack.outcomeOf(sender.call(name, content)), 'not-allowed', name);
    await log.logged({ event: 'sealed-call', operation: name, outcome: 'not-allowed' });
  }
  assert.deepEqual(versions(), [version]);

  const begun = await (await attack.office(world, 'boss')).call('rotation_begin', { version }); // the control: an administrator does
  assert.equal(begun.is_under_way, true);
  const again = await attack.office(world);
  assert.equal(await attack.outcomeOf(again.call('rotation_step', {})), 'not-allowed', 'nor one that is under way');
  assert.deepEqual(versions(), [version, version + 1]);
  const boss = await attack.office(world, 'boss');
  while ((await boss.call('rotation_step', {})).state.is_under_way);
  assert.deepEqual(versions(), [version + 1]);
  await act.open(world, own.link, { password: PASSWORD, home: 'after-the-key' });
});

// --- the log's truth ---

const event = (kind, overrides = {}) => ({
  event: newId(), organisation: id(world.organisation), kind, at_ms: Date.now(), message: id(own.message), link: new Uint8Array(16),
  actor_class: 0, actor: new Uint8Array(16), result: 0, reason: 'invented', personal: [], ...overrides,
});
const [SENT, OPENED, PURGED] = [10, 23, 31]; // enum event_kind

test('events are invented by nobody: the gateway reports none, and others only their own kinds', async () => {
  const log = attack.listen(world, 'audit');
  const invented = async () => (await act.log(world)).filter((each) => each.reason === 'invented').map((each) => each.kind);
  assert.equal((await gateway.ask('audit', 'APPEND', { events: [event(OPENED)], requests: [] })).outcome, 'not-allowed');
  await log.logged({ event: 'bus-request-refused', peer: 'gateway', operation: 'audit_append', error: 'not-allowed' });

  const retention = startMouth(world, 'retention');
  for (const kind of [SENT, OPENED])
    assert.equal((await retention.ask('audit', 'APPEND', { events: [event(PURGED), event(kind)], requests: [] })).outcome, 'not-allowed', 'and all with it');
  assert.deepEqual(await invented(), []);
  assert.equal((await retention.ask('audit', 'APPEND', { events: [event(PURGED)], requests: [] })).outcome, 'ok');
  assert.deepEqual(await invented(), ['purged'], 'the control: its own kind is taken');
  await retention.stop();
});

/** The id of crypto's event, which whoever knows the message can compute: services/crypto/derived.h. */
const derived = (word, from) =>
  crypto.createHash('sha256').update(`securemail/1 id${word}\0`).update(Buffer.of(0, 0, 0, 16)).update(Buffer.from(from, 'hex')).digest().subarray(0, 16);

test('nobody keeps the event of another out of the log by taking its id first', async () => {
  const mine = await attack.mailed(world, 'hidden@recipient.example');
  const retention = startMouth(world, 'retention');
  const early = event(PURGED, { event: derived('revoked', mine.message), message: id(mine.message), reason: 'early' });
  assert.equal((await retention.ask('audit', 'APPEND', { events: [early], requests: [] })).outcome, 'ok');
  await retention.stop();

  await world.cli('sender', ['revoke', mine.message]);
  const kinds = (await act.log(world)).filter((each) => each.message === mine.message).map((each) => each.kind);
  assert.ok(kinds.includes('purged'), 'the control: it was taken');
  assert.ok(kinds.includes('revoked'), `the revoke is in the log: ${kinds}`);
});

// --- forged capabilities ---

const DOMAIN = Buffer.from('securemail/1 capability');
const taken = (text) => text.split('.').slice(1).map((each) => Buffer.from(each, 'base64url'));
const spelled = (payload, signature) => `v1.${payload.toString('base64url')}.${signature.toString('base64url')}`;

test('a capability that is altered, of another kind or signed by the gateway opens nothing', async () => {
  const boss = await attack.office(world, 'boss');
  const { capability } = await boss.call('audit_access', {});
  const sender = await attack.office(world);
  const { capability: upload } = await sender.call('compose', { message: '12'.repeat(16) });
  const [payload, signature] = taken(capability);
  const kindOnly = Buffer.from(taken(upload)[0]);
  kindOnly[1] = 4; // audit
  const { privateKey } = crypto.generateKeyPairSync('ed25519');
  const forged = {
    'a bit of the payload': spelled(Buffer.from(attack.flip(payload, 3)), signature),
    'a bit of the signature': spelled(payload, Buffer.from(attack.flip(signature, 60))),
    'another kind': upload,
    'another kind, said to be this one': spelled(kindOnly, taken(upload)[1]),
    "the gateway's own signature": spelled(payload, crypto.sign(null, Buffer.concat([DOMAIN, payload]), privateKey)),
    'something behind it': `${capability}A`,
    nothing: 'v1..',
  };
  const ask = (text) => gateway.ask('audit', 'QUERY', { capability: text, kind: 0, message: new Uint8Array(16), link: new Uint8Array(16), person: '', since_ms: 0, until_ms: 0, before_seq: 0, rows_max: 5 });
  for (const [name, text] of Object.entries(forged)) {
    const log = attack.listen(world, 'audit');
    const { outcome } = await ask(text);
    assert.ok(['tampered', 'not-allowed', 'bad-format'].includes(outcome), name);
    await log.logged({ event: 'capability-refused', error: outcome });
    const answer = await fetch(`${world.stack.url}/api/v1/audit/entries`, { headers: { 'Secure-Mail-Capability': text } });
    assert.ok([400, 401, 403].includes(answer.status), `${name}: ${answer.status}`);
    assert.ok(!(await answer.text()).includes('entries'), name);
  }
  assert.equal((await ask(capability)).outcome, 'ok', 'the control');
  await world.moveClock(16 * 60_000);
  assert.equal((await ask(capability)).outcome, 'not-signed-in', 'and it ends');
});
