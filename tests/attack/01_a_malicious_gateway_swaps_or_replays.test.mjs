// SECURITY.md 7, attack 1: a gateway that was taken over has every sealed request in its hands, and the
// bus identity to carry it with. It alters, swaps, replays and mixes up; it wins nothing.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import http from 'node:http';
import { once } from 'node:events';
import { after, before, test } from 'node:test';

import * as act from '../system/support/actions.mjs';
import { startWorld } from '../system/support/world.mjs';
import * as attack from './support/attack.mjs';
import { startMouth } from './support/mouth.mjs';

const { PASSWORD } = attack;

let world;
let web;
let gateway;
before(async () => {
  web = await attack.client();
  world = await startWorld();
  gateway = startMouth(world);
});
after(async () => {
  await gateway?.stop();
  await world?.stop();
});

const catchVerify = (link, password = PASSWORD) =>
  attack.caught('verify', async (between) => (await attack.visit(world, link, between)).verify({ password }));

const FRAME = { version: 0, 'key id': 3, 'size of the clear part': 10, 'clear part': 20, enc: -120, ciphertext: -60, tag: -1 };
const placeIn = (frame, at) => (at < 0 ? frame.length + at : at);

test('a request that was altered anywhere is refused, costs no attempt, and the untouched one is good', async () => {
  const { link } = await attack.mailed(world, 'altered@recipient.example');
  const frame = await catchVerify(link);
  const before = attack.stateOf(world, 'vault.link', 'vault.link_session');

  for (const [part, at] of Object.entries(FRAME)) {
    const { outcome, fields } = await gateway.carry('verify', attack.flip(frame, placeIn(frame, at)));
    assert.equal(outcome, 'ok', `${part}: carried`);
    assert.notEqual(fields.outcome, 0, `${part} was altered`);
    assert.equal(fields.sealed.length, 0, `${part}: nothing comes back`);
  }
  for (const cut of [frame.subarray(0, -1), frame.subarray(0, 40), new Uint8Array([...frame, 0])])
    assert.notEqual((await gateway.carry('verify', cut)).fields.outcome, 0, 'cut or lengthened');
  assert.equal(attack.stateOf(world, 'vault.link', 'vault.link_session'), before, 'nothing was counted');

  const { fields } = await gateway.carry('verify', frame);
  assert.equal(fields.outcome, 0, 'the control: as it was made, it is right');
});

test('a request is good for its own operation only', async () => {
  const { link } = await attack.mailed(world, 'operation@recipient.example');
  const crypto_ = attack.listen(world, 'crypto');
  const frame = await catchVerify(link);
  for (const operation of ['hello', 'verify_open', 'open', 'login', 'send_code', 'revoke']) {
    const { fields } = await gateway.carry(operation, frame);
    assert.notEqual(fields.outcome, 0, operation);
    await crypto_.logged({ event: 'sealed-call', operation, outcome: await attack.wordOf(fields.outcome) });
  }
});

test('a proof that is replayed makes no second session, and spends no attempt', async () => {
  const { link } = await attack.mailed(world, 'replayed@recipient.example');
  const frame = await catchVerify(link);
  const sessions = () => world.sql('SELECT count(*) FROM vault.link_session')[0][0];
  const first = await gateway.carry('verify', frame);
  assert.equal(first.fields.outcome, 0);
  const before = sessions();

  const crypto_ = attack.listen(world, 'crypto');
  for (let i = 0; i < 10; i++) {
    const { fields } = await gateway.carry('verify', frame);
    assert.equal(await attack.wordOf(fields.outcome), 'replayed');
  }
  await crypto_.logged({ event: 'sealed-call', operation: 'verify', outcome: 'replayed' });
  assert.equal(sessions(), before);
  await (await attack.visit(world, link)).verify({ password: PASSWORD }); // the link is not locked by it
});

test('a wrong proof that is replayed is one failure, not five', async () => {
  const { link, message } = await attack.mailed(world, 'wrong@recipient.example');
  const frame = await catchVerify(link, 'a-wrong-guess');
  for (let i = 0; i < 8; i++) await gateway.carry('verify', frame);
  assert.equal(await attack.countOf(world, message, 'verification-failed'), 1);
});

test('a request of yesterday is too old, whoever kept it', async () => {
  const { link } = await attack.mailed(world, 'kept@recipient.example');
  const frame = await catchVerify(link);
  await world.moveClock(16 * 60_000);
  const { fields } = await gateway.carry('verify', frame);
  assert.notEqual(fields.outcome, 0);
});

// --- what the gateway can do to answers ---

test("an altered answer, and the answer to another request, do not open", async () => {
  const { link } = await attack.mailed(world, 'answers@recipient.example');
  const kept = attack.overhear('hello');
  await attack.visit(world, link, kept);
  const alterings = {
    'a bit': (bytes) => attack.flip(bytes, bytes.length - 20),
    nonce: (bytes) => attack.flip(bytes, 0),
    'cut short': (bytes) => bytes.subarray(0, -1),
    'an earlier answer': () => kept.reply,
  };
  for (const [name, alter] of Object.entries(alterings)) {
    const between = async (url, init, go) => {
      const answer = await go();
      if (!url.includes('/sealed/')) return answer;
      return new Response(alter(new Uint8Array(await answer.arrayBuffer())), { status: answer.status, headers: { 'Content-Type': 'application/octet-stream' } });
    };
    await assert.rejects(attack.visit(world, link, between), attack.isFailure('tampered'), name);
  }
});

// --- the keys that it hands out ---

const base64url = (bytes) => Buffer.from(bytes).toString('base64url');

/** A key pair of the gateway's own, as it would have to offer it: signed by an identity of its own. */
function forgedKeys(keys, { withIdentity }) {
  const pair = () => crypto.generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const point = ({ publicKey }) => publicKey.export({ type: 'spki', format: 'der' }).subarray(-65);
  const [hpke, identity] = [pair(), pair()];
  const kid = crypto.createHash('sha256').update(point(hpke)).digest().subarray(0, 8);
  const times = Buffer.alloc(16);
  times.writeBigUInt64BE(BigInt(keys.not_before_ms), 0);
  times.writeBigUInt64BE(BigInt(keys.not_after_ms), 8);
  const signed = Buffer.concat([Buffer.from('securemail/1 hpke key'), kid, point(hpke), times]);
  const signature = crypto.sign('sha256', signed, { key: identity.privateKey, dsaEncoding: 'ieee-p1363' });
  return { ...keys, kid: base64url(kid), hpke_public: base64url(point(hpke)), signature: base64url(signature),
    ...(withIdentity ? { identity_public: base64url(point(identity)) } : {}) };
}

/** A road that hands out other keys, for clients that are programs; `asked` is what was sealed to them. */
async function forgingRoad(forge) {
  const road = { asked: [] };
  const server = http.createServer(async (request, response) => {
    if (request.url !== '/api/v1/keys') {
      road.asked.push(request.url);
      return response.writeHead(500).end();
    }
    const keys = await (await fetch(`${world.stack.url}/api/v1/keys`)).json();
    return response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(forge(keys)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  road.url = `http://127.0.0.1:${server.address().port}`;
  road.close = () => server.close();
  return road;
}

for (const [name, options] of Object.entries({ "the gateway's own key": {}, 'key and identity of its own': { withIdentity: true } }))
  test(`${name} is not sealed to: page and command line stop before anything leaves`, async (t) => {
    const { link } = await attack.mailed(world, `${options.withIdentity ? 'both' : 'key'}@recipient.example`);
    const sent = [];
    const between = async (url, init, go) => {
      if (url.includes('/sealed/')) sent.push(url);
      if (!url.endsWith('/api/v1/keys')) return go();
      return Response.json(forgedKeys(await (await go()).json(), options));
    };
    await assert.rejects(attack.visit(world, link, between), attack.isFailure('tampered'));
    assert.deepEqual(sent, []);

    const road = await forgingRoad((keys) => forgedKeys(keys, options));
    t.after(road.close);
    const refused = await act.open(world, link.replace(world.stack.url, road.url), { password: PASSWORD, exit: null });
    assert.notEqual(refused.code, 0);
    assert.deepEqual(road.asked, [], 'nothing was sealed to it');

    const honest = await forgingRoad((keys) => keys);
    t.after(honest.close);
    await act.open(world, link.replace(world.stack.url, honest.url), { password: PASSWORD, exit: null });
    assert.ok(honest.asked.length > 0, 'the control: by the same road the right keys are sealed to');
  });

test('the client that was lied to opens at an honest gateway', async () => {
  assert.ok(web.ERRORS.includes('tampered'));
  await act.open(world, world.mails.find((mail) => mail.to === 'key@recipient.example').link, { password: PASSWORD });
});
