// SECURITY.md 7, the next five: reply spam; and the limits by address behind a proxy, by link, and for what a
// recipient may fill a disk with.

import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { after, before, test } from 'node:test';

import { startWorld } from '../system/support/world.mjs';
import * as attack from './support/attack.mjs';

let world;
before(async () => {
  world = await startWorld({ env: { gateway: { SECURE_MAIL_TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8', SECURE_MAIL_ADDRESS_REQUESTS: '30', SECURE_MAIL_ADDRESS_PROOFS: '5' } } });
});
after(() => world?.stop());

const ask = (path, forwarded, method = 'GET') =>
  new Promise((resolve, reject) => {
    const headers = { ...(forwarded ? { 'X-Forwarded-For': forwarded } : {}), ...(method === 'POST' ? { 'Content-Type': 'application/octet-stream', 'Content-Length': '4' } : {}) };
    const call = http.request(`${world.stack.url}${path}`, { method, headers, agent: false }, (answer) => answer.resume().on('end', () => resolve(answer)));
    call.on('error', reject);
    call.end(method === 'POST' ? 'junk' : undefined);
  });
async function counted(times, ...what) {
  const statuses = [];
  for (let i = 0; i < times; i++) statuses.push((await ask(...what)).statusCode);
  return statuses;
}

test('an address has its minute, another one its own, and what a client writes of itself changes nothing', async () => {
  const log = attack.listen(world, 'gateway');
  const first = await counted(40, '/api/v1/limits', '192.0.2.1');
  assert.ok(first.filter((status) => status === 200).length >= 30 && first.includes(429), first.join());
  // One request more is allowed every two seconds: what is asked at once is not all of it allowed.
  const refusal = async (forwarded) =>
    (await Promise.all(Array.from({ length: 4 }, () => ask('/api/v1/limits', forwarded)))).find((answer) => answer.statusCode === 429);
  assert.ok(Number((await refusal('192.0.2.1'))?.headers['retry-after']) > 0);
  await log.logged({ event: 'address-limited', address: '192.0.2.1', what: 'requests' });
  assert.ok(await refusal('203.0.113.7, 192.0.2.1'), 'made up, left of what the proxy saw');
  assert.ok(await refusal('192.0.2.1, 10.1.2.3'), 'by two of our proxies');
  assert.equal((await ask('/api/v1/limits', '192.0.2.2')).statusCode, 200, 'the control');
  assert.equal((await ask('/livez', '192.0.2.1')).statusCode, 200, 'health is always answered');
  assert.equal(log.lines().filter((line) => line.event === 'address-limited').length, 1, 'one line a minute');
});

test('an IPv6 network is one client', async () => {
  const statuses = [];
  for (let i = 1; i < 40; i++) statuses.push((await ask('/api/v1/limits', `2001:db8:1:2::${i.toString(16)}`)).statusCode);
  assert.ok(statuses.includes(429));
  assert.equal((await ask('/api/v1/limits', '2001:db8:1:3::1')).statusCode, 200);
});

test('guessing has a smaller budget than reading', async () => {
  const statuses = await counted(8, '/api/v1/sealed/login', '192.0.2.50', 'POST');
  assert.deepEqual(statuses.map((status) => status === 429), [false, false, false, false, false, true, true, true]);
  assert.equal((await ask('/api/v1/limits', '192.0.2.50')).statusCode, 200);
});

test('one link may ask so often in a minute, with its secret; who has not the secret takes nothing from it', async () => {
  const web = await attack.client();
  const { link } = await attack.mailed(world, 'often@recipient.example');
  const { server } = await attack.visit(world, link);
  const proof = (({ link: id, secret }) => ({ link: id, secret }))(web.parseLink(new URL(link).hash));
  const stranger = { ...proof, secret: new Uint8Array(32) };
  const hello = (each) => attack.outcomeOf(server.call('hello', { link: each }));
  const outcomes = [];
  for (let i = 0; i < 60 && !outcomes.includes('rate-limited'); i++)
    outcomes.push(...(await Promise.all(Array.from({ length: 11 }, () => hello(stranger)))));
  assert.ok(outcomes.includes('rate-limited'), 'five a second are given back, so never all of them');
  assert.ok(outcomes.filter((outcome) => outcome !== 'rate-limited').length >= 300, 'a minute holds this many');
  assert.equal(await hello(proof), 'ok', 'the control');
});

test('twenty answers to a message, and no twenty-first, nor room for its parts', async () => {
  const { link, message } = await attack.mailed(world, 'spam@recipient.example');
  const visitor = await attack.visit(world, link);
  await visitor.verify({ password: attack.PASSWORD });
  const content = await visitor.open();
  let said = 'ok';
  let count = 0;
  for (; said === 'ok' && count < 25; count += said === 'ok' ? 1 : 0)
    said = await attack.outcomeOf(visitor.beginReply(content).then((draft) => visitor.reply(draft, { subject: 'Again', body: 'And again.' })));
  assert.deepEqual([said, count], ['rate-limited', 20]);
  assert.equal(await attack.countOf(world, message, 'replied'), 20);
});

test('ten answers are begun and not sent, and there is no room for an eleventh until one is sent', async () => {
  const { link } = await attack.mailed(world, 'begun@recipient.example');
  const visitor = await attack.visit(world, link);
  await visitor.verify({ password: attack.PASSWORD });
  const content = await visitor.open();
  const drafts = [];
  let refusal = null;
  while (!refusal && drafts.length < 15) await visitor.beginReply(content).then((draft) => drafts.push(draft), (error) => (refusal = error));
  assert.deepEqual([refusal.word, drafts.length], ['rate-limited', 10]);
  assert.ok(refusal.untilMs > Date.now(), 'it is told until when');
  const atOnce = await Promise.all(Array.from({ length: 20 }, () => attack.outcomeOf(visitor.beginReply(content))));
  assert.deepEqual(new Set(atOnce), new Set(['rate-limited']));

  const [left] = drafts;
  const again = await visitor.beginReply(content, () => {}, { message: left.message, places: left.places });
  assert.equal(again.message, left.message, 'the control: what was begun is used again');
  await visitor.reply(again, { subject: 'At last', body: 'One of ten.' });
  assert.equal(await attack.outcomeOf(visitor.beginReply(content)), 'ok', 'the control: one that is sent is given back');
  assert.equal(await attack.outcomeOf(visitor.beginReply(content)), 'rate-limited');
});

test('more connections than there is room for, which say nothing or little: the oldest of them go, and who asks is answered', async () => {
  const MANY = 2_100; // services/gateway/http.h: 2,000 in all
  const log = attack.listen(world, 'gateway');
  const ended = new Set();
  const silent = [];
  const connect = (i) => new Promise((resolve) => {
    const socket = net.connect(world.stack.ports.http, '127.0.0.1', resolve);
    socket.on('error', () => {}).on('close', () => ended.add(i)).resume();
    if (i % 2) socket.write('GET / HTTP/1.1\r\nHos');
    silent.push(socket);
  });
  try {
    for (let i = 0; i < MANY; i++) await connect(i);
    for (let i = 0; i < 5; i++) assert.equal((await ask('/api/v1/limits', `192.0.2.${100 + i}`)).statusCode, 200);
    await log.logged({ event: 'address-limited', what: 'room for others' });
    assert.ok(ended.size >= MANY - 2_000, `${ended.size} were ended`);
    assert.ok(ended.has(0) && !ended.has(MANY - 1), 'those that were there longest');
  } finally {
    for (const socket of silent) socket.destroy();
  }
});
