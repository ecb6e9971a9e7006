// DESIGN 2: two gateways, two crypto, two notifiers, a standby of audit and of retention. Any of them may be
// killed at any time: what was acknowledged is there, nothing is done twice, and the work goes on with the rest.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import net from 'node:net';
import { after, before, test } from 'node:test';

import { allUnder } from '../support/walk.mjs';
import { fakeXhr, fetchOf, fileOf } from '../web/support/person.mjs';
import * as act from './support/actions.mjs';
import { metricsOf } from './support/metrics.mjs';
import * as pages from './support/pages.mjs';
import { startWorld, until } from './support/world.mjs';

const PASSWORD = 'correct-horse';
const REPLICAS = { gateway: 2, crypto: 2, notifier: 2, retention: 2, audit: 2 };
const FAILOVER_MS = 60_000; // a bound for slow machines: docs/scale.md has what was measured

let world;
before(async () => (world = await startWorld({
  replicas: REPLICAS,
  hasMetrics: true,
  env: { retention: { SECURE_MAIL_RETENTION_INTERVAL_S: '1' }, audit: { SECURE_MAIL_CHECKPOINT_INTERVAL_S: '1' } },
})));
after(() => world?.stop());

const acknowledged = { sent: [], opened: [] };
let counter = 0;

async function sendOne() {
  const address = `r${(counter += 1)}@recipient.example`;
  const sent = await act.send(world, { to: address, password: PASSWORD, code: null });
  if (sent.code !== 0) return null;
  const record = { address, message: sent.message };
  acknowledged.sent.push(record);
  return record;
}

async function openOne(record) {
  const link = await world.linkFor(record.address);
  const opened = await act.open(world, link, { password: PASSWORD, home: record.address, exit: null });
  if (opened.code === 0) acknowledged.opened.push(record);
  return opened.code === 0;
}

const works = async () => {
  const record = await sendOne();
  return record !== null && openOne(record);
};

test('work goes through both gateways', async () => {
  for (let round = 0; round < 3; round++) assert.ok(await works());

  for (const name of world.stack.ofKind('gateway')) assert.ok(world.balancer.carried[world.stack.urlOf(name)] > 0, name);
});

// --- uploads -------------------------------------------------------------------------------------------

// A capability to upload a part, and what tus needs to be told.
async function draftOf() {
  const office = await pages.officeOf(world, 'sender');
  const message = crypto.randomBytes(16).toString('hex');
  const { capability } = await office.call('compose', { message });
  return { 'Tus-Resumable': '1.0.0', 'Secure-Mail-Capability': capability, 'Secure-Mail-Request': '1' };
}

const SIZE = 4_000_000;
const LENGTH = SIZE + 56 + 16 * Math.ceil((SIZE + 1) / 16_368); // any size of a sealed part would do

async function begin(gateway, headers, length) {
  const metadata = `part ${Buffer.from('1').toString('base64')}`;
  const answer = await fetch(`${gateway}/api/v1/uploads`, { method: 'POST', headers: { ...headers, 'Upload-Length': String(length), 'Upload-Metadata': metadata } });
  assert.equal(answer.status, 201, await answer.text());
  return answer.headers.get('Location');
}

const patch = (url, headers, offset, body) =>
  fetch(url, { method: 'PATCH', headers: { ...headers, 'Upload-Offset': String(offset), 'Content-Type': 'application/offset+octet-stream' }, body });

async function offsetAt(url, headers) {
  const answer = await fetch(url, { method: 'HEAD', headers });
  return answer.status === 200 ? Number(answer.headers.get('Upload-Offset')) : answer.status;
}

test('an upload begun at one gateway goes on and is finished at the other', async () => {
  const [one, other] = world.stack.ofKind('gateway').map((name) => world.stack.urlOf(name));
  const headers = await draftOf();
  const bytes = crypto.randomBytes(LENGTH);
  const place = await begin(one, headers, LENGTH);

  assert.equal((await patch(one + place, headers, 0, bytes.subarray(0, 1_000_000))).status, 204);
  assert.equal(await offsetAt(other + place, headers), 1_000_000);
  assert.equal((await patch(other + place, headers, 1_000_000, bytes.subarray(1_000_000))).status, 204);
  assert.equal(await offsetAt(one + place, headers), LENGTH);
});

test('a silent client at one gateway does not hold its upload against the other', async () => {
  const [one, other] = world.stack.ofKind('gateway').map((name) => world.stack.urlOf(name));
  const headers = await draftOf();
  const place = await begin(one, headers, LENGTH);
  const silent = net.connect(Number(new URL(one).port), '127.0.0.1');
  after(() => silent.destroy());
  silent.on('error', () => {});
  const head = { ...headers, Host: 'gateway', 'Upload-Offset': 0, 'Content-Type': 'application/offset+octet-stream', 'Content-Length': LENGTH };
  silent.write(`PATCH ${place} HTTP/1.1\r\n${Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
  silent.write(Buffer.alloc(100_000));

  // Locked, until it hears that it is wanted: at once, or at the next look; well before the idle timeout of a minute.
  assert.ok(await until('the lock is free', async () => (await offsetAt(other + place, headers)) === 100_000));
});

test("a person's every second request goes to the other gateway", async () => {
  const gateways = world.stack.ofKind('gateway').map((name) => world.stack.urlOf(name));
  let turn = 0;
  const rewritten = (url) => url.replace(world.url, gateways[turn++ % 2]);
  fakeXhr();
  const Plain = globalThis.XMLHttpRequest;
  globalThis.XMLHttpRequest = class extends Plain {
    open(method, url) {
      super.open(method, rewritten(url));
    }
  };
  const keep = fetchOf();
  const web = await pages.client();
  const where = { base: world.url, fetch: (url, init) => keep(rewritten(String(url)), init) };
  const office = await web.Office.open(where);
  await office.signIn('sender@clinic.example', 'password-of-sender');
  const draft = await office.beginMessage();
  const bytes = crypto.randomBytes(9_000_000); // three blocks of tus
  draft.attach(fileOf('scan.bin', bytes));
  const recipient = { address: 'every@recipient.example', name: '', method: 1, password: PASSWORD };
  await office.send(draft, { lifetime_days: 7, undo_s: 0, language: 'nl', parent: '', subject: 'Scan', body: 'Zie bijlage.', recipients: [recipient] });

  const visit = await web.Visit.open(web.parseLink(new URL(await world.linkFor('every@recipient.example')).hash), where);
  await visit.verify({ password: PASSWORD });
  const content = await visit.open();
  const blob = await content.download(content.manifest.attachments[0]);
  assert.deepEqual(Buffer.from(await blob.arrayBuffer()), bytes);
});

// The gateway asks the next replica, which says "acted on before": that is no answer for somebody who asked once.
test('a replica that dies after its commit: whoever asked is told to ask again, and then is served', async () => {
  const name = world.stack.ofKind('crypto')[1];
  const record = await sendOne();
  const link = await world.linkFor(record.address);
  await world.stack.stopService(name);
  await world.stack.startService(name, { SM_FAIL_POINT: 'crypto.call.after-commit' });
  let isDead = false;
  void world.stack.exitOf(name).then(() => (isDead = true));
  const words = [];
  for (let tries = 0; !isDead && tries < 40; tries++)
    words.push((await act.open(world, link, { password: PASSWORD, home: `try-${tries}`, exit: null })).json?.error ?? 'ok');
  if (isDead) await world.stack.startService(name);

  assert.ok(isDead, 'it was given work');
  assert.deepEqual(words.filter((word) => word !== 'ok' && word !== 'unavailable'), []);
  await act.open(world, link, { password: PASSWORD, home: 'try-again' });
});

// --- kills ---------------------------------------------------------------------------------------------

for (const kind of Object.keys(REPLICAS))
  for (const number of [1, 2])
    test(`${kind} ${number} is killed and comes back, while sends and opens go on`, async (t) => {
      const name = world.stack.ofKind(kind)[number - 1];
      let isOn = true;
      const load = (async () => {
        while (isOn) await works().catch(() => {});
      })();
      await sendOne();
      const killed = Date.now();
      await world.stack.killService(name);
      await until(`work without ${name}`, works, FAILOVER_MS);
      t.diagnostic(`${name} killed: a whole send and open later, ${Date.now() - killed} ms had passed`);
      await world.stack.startService(name);
      await until(`work with ${name}`, works, FAILOVER_MS);
      isOn = false;
      await load;
    });

// --- destroying ----------------------------------------------------------------------------------------

const DAY_MS = 24 * 60 * 60 * 1000;

const objectsOf = (message) => allUnder(world.stack.path('objects')).filter((name) => name.includes(message));

// In seconds since 1970; 0 of a standby.
const lastSweepOf = async (name) => (await metricsOf(world, name)).get('secure_mail_retention_last_sweep_timestamp_seconds');

async function sweeperAndStandby() {
  const names = world.stack.ofKind('retention');
  const times = await until('one of retention to sweep', async () => {
    const found = await Promise.all(names.map(lastSweepOf));
    return found.some((time) => time > 0) && !found.includes(undefined) && found;
  });
  const sweeper = names.find((_, i) => times[i] > 0);
  const standby = names.find((_, i) => times[i] === 0);
  assert.ok(standby, `one sweeps, and the other does not: ${times}`);
  return [sweeper, standby];
}

// Each retention has been killed by now and came back; here it is the one that sweeps.
for (const [what, expires, end] of [
  ['is deleted', '7d', (message) => world.cli('sender', ['delete', message, '--yes'])],
  ['expires', '1d', () => world.moveClock(DAY_MS + 60_000)],
])
  test(`retention that sweeps is killed: what ${what} then is destroyed by its standby, once`, async (t) => {
    const { message } = await act.send(world, { to: `${expires}@recipient.example`, check: 'code', expires, attach: [act.makeFile(world, `${expires}.bin`, 100_000)] });
    await world.linkFor(`${expires}@recipient.example`);
    const [sweeper, standby] = await sweeperAndStandby();
    assert.ok(objectsOf(message).length > 0, 'the search finds what is there');
    const purged = async () => act.kindsOf(await act.log(world), message).filter((kind) => kind === 'purged').length;

    const killed = Date.now();
    await world.stack.killService(sweeper);
    await end(message);
    await until('its ciphertext is gone', () => objectsOf(message).length === 0, FAILOVER_MS);
    await until('the log tells it', purged, FAILOVER_MS);
    t.diagnostic(`${sweeper} killed: ${Date.now() - killed} ms later the ciphertext was gone and the log told it`);
    await until('the standby tells that it sweeps', async () => (await lastSweepOf(standby)) > 0);

    await world.stack.startService(sweeper);
    assert.deepEqual(await sweeperAndStandby(), [standby, sweeper], 'who comes back is the standby now');
    assert.equal(await purged(), 1);
  });

test('a standby of audit does not write, and a standby of retention does not sweep', () => {
  const holders = (number) => Number(world.sql(`SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = ${number} AND granted`)[0][0]);
  for (const lock of [7516050, 7516041]) assert.equal(holders(lock), 1);
});

// --- what is true at the end ---------------------------------------------------------------------------

test('nothing acknowledged is missing', async () => {
  for (const record of acknowledged.sent) await world.linkFor(record.address);
  const rows = await act.list(world);
  const states = new Map(rows.map((row) => [row.message, row.status]));
  await until('every status', async () => {
    for (const row of await act.list(world)) states.set(row.message, row.status);
    return acknowledged.opened.every((each) => !states.has(each.message) || states.get(each.message) === 'opened');
  });
  for (const record of acknowledged.sent.slice(-5))
    assert.equal((await act.open(world, await world.linkFor(record.address), { password: PASSWORD, home: `again-${record.address}` })).code, 0);
});

test('nothing was done twice, and the log verifies', async () => {
  const entries = await act.log(world);
  const count = (message, kind) => entries.filter((entry) => entry.message === message && entry.kind === kind).length;
  assert.equal(new Set(entries.map((entry) => entry.event)).size, entries.length);
  for (const { message } of acknowledged.sent) {
    assert.equal(count(message, 'sent'), 1);
    assert.equal(count(message, 'notification-queued'), 1);
  }
  for (const { message } of acknowledged.opened) assert.ok(count(message, 'opened') >= 1);
  for (const { address } of acknowledged.sent) {
    const notices = world.mails.filter((mail) => mail.to === address && mail.link);
    assert.equal(new Set(notices.map((mail) => mail.messageId)).size, 1, `${address} has one notification`);
  }
  await world.run('securemail-verify', [await act.exportLog(world)]);
});

test('nobody was told of tampering or of a repeat', () => assert.deepEqual([...world.said].filter((word) => word === 'tampered' || word === 'replayed'), []));
