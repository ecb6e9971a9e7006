// The machine of the database dies, and its standby takes over: what was acknowledged is there, the services find
// the new one by themselves, and whoever waited for an answer learns what became of his message.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import { fakeXhr } from '../web/support/person.mjs';
import * as act from './support/actions.mjs';
import * as pages from './support/pages.mjs';
import { Pair } from './support/pair.mjs';
import { startWorld, until } from './support/world.mjs';

const PASSWORD = 'correct-horse';
const FAILOVER_MS = 90_000; // a bound for slow machines: docs/scale.md has what was measured

let world;
before(async () => (world = await startWorld({
  makeCluster: (folder) => Pair.of(folder),
  replicas: { crypto: 2, audit: 2 },
  env: { retention: { SECURE_MAIL_RETENTION_INTERVAL_S: '1' }, audit: { SECURE_MAIL_CHECKPOINT_INTERVAL_S: '1' } },
})));
after(() => world?.stop());

const sent = [];
const opened = [];
let counter = 0;

// Null: not acknowledged.
async function sendOne() {
  const address = `r${(counter += 1)}@recipient.example`;
  const result = await act.send(world, { to: address, password: PASSWORD, code: null });
  if (result.code !== 0) return null;
  sent.push({ address, message: result.message });
  return sent.at(-1);
}

async function works() {
  const record = await sendOne();
  if (!record) return false;
  const link = await world.linkFor(record.address);
  if ((await act.open(world, link, { password: PASSWORD, home: record.address, exit: null })).code !== 0) return false;
  opened.push(record);
  return true;
}

// Three people at once, for as long as `work` takes.
async function underLoad(work) {
  let isOn = true;
  const people = [1, 2, 3].map(async () => {
    while (isOn) await works().catch(() => {});
  });
  try {
    await work();
  } finally {
    isOn = false;
    await Promise.all(people);
  }
}

const everythingIsThere = async () => {
  for (const { address } of sent) await world.linkFor(address);
  const entries = await act.log(world);
  const count = (message, kind) => entries.filter((entry) => entry.message === message && entry.kind === kind).length;
  assert.equal(new Set(entries.map((entry) => entry.event)).size, entries.length);
  for (const { message } of sent) assert.equal(count(message, 'sent'), 1);
  for (const { message } of opened) assert.ok(count(message, 'opened') >= 1);
  for (const { address } of sent)
    assert.equal(new Set(world.mails.filter((mail) => mail.to === address && mail.link).map((mail) => mail.messageId)).size, 1, address);
  await world.run('securemail-verify', [await act.exportLog(world)]);
};

test('work goes on at the standby, with everything that was acknowledged', async (t) => {
  assert.ok(await works());
  await underLoad(async () => {
    await works();
    const killed = Date.now();
    await world.stack.cluster.failOver();
    const promoted = Date.now();
    await until('work at the new one', works, FAILOVER_MS);
    t.diagnostic(`promoted after ${promoted - killed} ms; a whole send and open ${Date.now() - promoted} ms later`);
  });
  await everythingIsThere();
});

// The timers of the server's side, as the kernel tells them: state 01 is established, timer 02 is keepalive.
test('a machine that is gone without a word is noticed by the database in seconds', () => {
  const { port } = world.stack.cluster.active;
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = fs.readFileSync('/proc/net/tcp', 'utf8').trim().split('\n').slice(1).map((line) => line.trim().split(/\s+/));
  const sessions = rows.filter(([, from, , state]) => from.endsWith(local) && state === '01');
  const timers = sessions.map((row) => row[5].split(':')).filter(([kind]) => kind === '02');

  assert.ok(timers.length > 5, `${sessions.length} sessions, ${timers.length} with a keepalive timer`);
  for (const [, when] of timers) assert.ok(parseInt(when, 16) / 100 <= 15, `${parseInt(when, 16) / 100} s`);
});

test('the one that died comes back as the standby, while work goes on', async () => {
  await underLoad(() => world.stack.cluster.makeStandby());
  assert.ok(await until('work', works, FAILOVER_MS));
});

// The gateway's own commits before the send do not wait, so that the one that waits is the send's.
function letGatewayCommitAlone(isAlone) {
  world.sql(`ALTER ROLE sm_gateway ${isAlone ? "SET synchronous_commit = 'local'" : 'RESET synchronous_commit'}`);
  world.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'sm_gateway'");
}

test('a send whose commit the standby does not have is not acknowledged, and is done once when asked again', async () => {
  const { cluster } = world.stack;
  fakeXhr();
  const office = await pages.officeOf(world, 'sender');
  const draft = await office.beginMessage();
  const { message, ...packed } = await draft.pack({ subject: 'Results', body: 'Good news.' });
  const recipients = [{ address: 'unknown@recipient.example', name: '', method: 1, password: PASSWORD }];
  letGatewayCommitAlone(true);
  await until('the list, over new connections', () => office.list().catch(() => null));
  cluster.holdStandby();
  let isAnswered = false;
  const send = { message, ...packed, recipients, lifetime_days: 7, undo_s: 0, language: 'en', parent: '' };
  const asked = office.call('send', send, { message, parts: packed.parts.length }).finally(() => (isAnswered = true));
  await until("the send's commit, which waits", () =>
    cluster.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND usename = 'sm_crypto' AND query = 'COMMIT'").length > 0);
  assert.ok(!isAnswered);
  await cluster.failOver();

  await asked;
  sent.push({ address: 'unknown@recipient.example', message });
  letGatewayCommitAlone(false);
  await until('the list again', () => office.list().catch(() => null));
  await everythingIsThere();
});

test('it fails over back again under load, and an old message opens', async () => {
  await world.stack.cluster.makeStandby();
  await underLoad(async () => {
    await works();
    await world.stack.cluster.failOver();
    await until('work at the first one', works, FAILOVER_MS);
  });
  await everythingIsThere();
  await act.open(world, await world.linkFor(sent[0].address), { password: PASSWORD, home: 'the-first-again' });
});
