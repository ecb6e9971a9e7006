// DESIGN 6: kill -9 at every named fail point, and at random during two hundred sends and opens. After the
// restart nothing acknowledged is missing, every event is in the log once, every mail went out, and no
// key was released without its entry.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import { SERVICES, TOP, sleep } from '../../dev/stack.mjs';
import * as act from './support/actions.mjs';
import * as pages from './support/pages.mjs';
import { startWorld, until } from './support/world.mjs';

const RANDOM_OPERATIONS = Number(process.env.SM_TEST_KILLS ?? 200);
const PASSWORD = 'correct-horse';

let world;
before(async () => (world = await startWorld({
  env: { retention: { SECURE_MAIL_RETENTION_INTERVAL_S: '2' }, audit: { SECURE_MAIL_CHECKPOINT_INTERVAL_S: '1' } },
})));
after(() => world?.stop());

// What was acknowledged to somebody, to be found again at the end.
const acknowledged = { sent: [], opened: [], replied: [], deleted: [] };

// The names in the sources, with the services that can die there.
function failPoints() {
  const lines = execFileSync('grep', ['-rhoE', 'FAIL_POINT\\("[a-z0-9.-]+"\\)', '--include=*.c', 'lib', 'services'], { cwd: TOP }).toString();
  const names = [...new Set(lines.match(/"[^"]+"/g).map((quoted) => quoted.slice(1, -1)))].sort();
  return names.flatMap((name) => {
    const [owner] = name.split('.');
    return (SERVICES.includes(owner) ? [owner] : ['crypto', 'notifier', 'retention']).map((service) => ({ service, name }));
  });
}

// Passed only by a client that takes an upload back or abandons one for a day, which the command line does
// not do: tests/unit/gateway/test_uploads.c passes them, with a real store and database.
const NOT_BY_THE_COMMAND_LINE = /^gateway\.(upload-delete|sweep)\./;

const isChosen = ({ name }) => !NOT_BY_THE_COMMAND_LINE.test(name);

let counter = 0;
const freshAddress = () => `r${(counter += 1)}@recipient.example`;

async function sendOne(check = 'password') {
  const address = freshAddress();
  const sent = await act.send(world, { to: address, check, password: PASSWORD, code: null });
  if (sent.code !== 0) return null;
  const record = { address, message: sent.message };
  acknowledged.sent.push(record);
  return record;
}

async function openOne(record) {
  const mail = await until('the link', () => world.mails.find((each) => each.to === record.address && each.link), 15_000).catch(() => null);
  if (!mail) return false;
  record.link = mail.link;
  const opened = await act.open(world, mail.link, { password: PASSWORD, home: record.address, exit: null });
  if (opened.code === 0) acknowledged.opened.push(record);
  return opened.code === 0;
}

// Everything a message can go through, so that every fail point is passed by something.
async function wholeLife() {
  const byCode = await sendOne('code');
  if (byCode) {
    const mail = await until('the link', () => world.mails.find((each) => each.to === byCode.address && each.link), 10_000).catch(() => null);
    if (mail) await act.sendCode(world, mail.link, { home: byCode.address, exit: null });
  }
  const record = await sendOne();
  if (!record || !(await openOne(record))) return;
  await act.open(world, record.link, { home: record.address, exit: null }); // again, by the session
  const answer = await act.reply(world, record.link, { password: PASSWORD, home: record.address, exit: null });
  if (answer.code === 0) acknowledged.replied.push(record);
  const other = await sendOne();
  if (!other) return;
  await world.cli('sender', ['revoke', other.message], { code: null });
  const deleted = await world.cli('sender', ['delete', other.message, '--yes'], { code: null });
  if (deleted.code === 0) acknowledged.deleted.push(other);
}

const isDead = (service) => {
  const { process: child } = world.stack.running.get(service);
  return child.exitCode !== null || child.signalCode !== null;
};

// As an operator's supervisor would: what died is started again at once, without the fail point.
class Supervisor {
  constructor(service) {
    this.service = service;
    this.died = false;
    this.done = this.watch();
  }

  async watch() {
    while (!this.isStopped && !isDead(this.service)) await sleep(20);
    if (this.isStopped) return;
    this.died = true;
    await world.stack.exitOf(this.service);
    await world.stack.startService(this.service);
  }

  stop() {
    this.isStopped = true;
    return this.done;
  }
}

const DAY = 24 * 60 * 60 * 1000;

// An act of the pages that meets the dying process fails, as it must: what counts is what is true afterwards.
const tried = (act) => act().catch(() => {});

// What is passed only when time goes by, or only by an operator, or only by the pages.
const SPECIAL = [
  [/^audit\.erase\./, async () => {
    const record = await sendOne();
    if (!record) return;
    const ask = () => act.erase(world, ['--person', record.address, '--by', 'Somebody', '--reason', 'a request'], { code: null });
    await ask(); // no answer: asked again, it is there
    await until('it is erased', async () => (await ask()).code === 0, 20_000);
    const journal = fs.readFileSync(world.stack.path('journal', 'erasures.journal'), 'utf8');
    assert.match(journal, / value-\d /);
    const left = world.sql(`SELECT count(*) FROM audit.disclosure WHERE value = '${record.address}'`);
    assert.deepEqual(left, [['0']]);
  }],
  [/^crypto\.(destroy|hpke-key)/, async () => {
    const record = await sendOne();
    if (record) await until('its mail', () => world.mails.some((mail) => mail.to === record.address), 15_000);
    await world.moveClock(8 * DAY).catch(() => {}); // it expires, keys grow old; signing in again meets the dying process
  }],
  [/^crypto\.operator/, () => world.admin(
    ['user', 'create', '--org', world.organisation, '--email', `u${Date.now()}@clinic.example`, '--name', 'Somebody',
      '--password-file', world.people.sender.password], { code: null })],
  [/^crypto\.rotate\./, async () => {
    await sendOne();
    for (let round = 0; round < 2; round++) // the first may only go on with what another test left
      await world.admin(['key', 'rotate', 'org', '--org', world.organisation], { code: null });
  }],
  [/^crypto\.(unlock|verify)/, async () => {
    const record = await sendOne();
    if (!record) return;
    const mail = await until('its mail', () => world.mails.find((each) => each.to === record.address && each.link), 15_000);
    await act.open(world, mail.link, { password: 'a-wrong-guess', exit: null });
    await world.cli('sender', ['unlock', record.message, '--recipient', record.address], { code: null });
  }],
  [/^crypto\.user\./, () => tried(() => pages.addUser(world, 'boss', `p${Date.now()}@clinic.example`))],
  [/^crypto\.reset\./, () => tried(() => pages.setPasswordByLink(world, 'boss', `q${Date.now()}@clinic.example`))],
  [/^crypto\.password\./, () => tried(() => pages.changePassword(world, 'sender'))],
  [/^crypto\.totp\./, () => tried(() => pages.addSecondFactor(world, 'sender'))],
  [/^crypto\.resend\./, async () => {
    const record = await sendOne();
    if (!record) return;
    await until('its mail', () => world.mails.some((mail) => mail.to === record.address), 15_000);
    await world.moveClock(10 * 60 * 1000);
    await tried(() => pages.mailAgain(world, 'sender', record.message));
  }],
  [/^crypto\.thread\./, async () => {
    const record = await sendOne();
    if (!record) return;
    const mail = await until('its mail', () => world.mails.find((each) => each.to === record.address && each.link), 15_000);
    await tried(() => pages.readOwnReply(world, mail.link, PASSWORD));
  }],
  [/^crypto\.(sign-in|session)/, async () => {
    await world.login('sender').catch(() => {});
    await world.cli('boss', ['logout'], { code: null });
    await world.login('boss').catch(() => {});
  }],
];

// What an operator has asked for before the start at which it happens.
const BEFORE_THE_START = [
  [/^audit\.succession\./, () => fs.writeFileSync(world.stack.path('keys', 'audit-sign.next'), '', { mode: 0o600 })],
];

for (const { service, name } of failPoints().filter(isChosen))
  test(`${service} dies at ${name}`, async () => {
    await world.stack.stopService(service);
    for (const [names, ask] of BEFORE_THE_START) if (names.test(name)) ask();
    // A start may itself pass the fail point: then it is dead already, which is just as good.
    await world.stack.startService(service, { SM_FAIL_POINT: name }).catch(() => {});
    const supervisor = new Supervisor(service);
    for (const [names, act] of SPECIAL) if (names.test(name)) await act();
    for (let round = 0; round < 2 && !supervisor.died; round++) await wholeLife();
    if (!supervisor.died) await until(`${service} dead`, () => supervisor.died, 3_000).catch(() => {});
    await supervisor.stop();
    assert.ok(supervisor.died, `${name} was never passed: the test does not exercise it`);
    for (const home of Object.keys(world.people)) await world.login(home);
  });

test(`random kills during ${RANDOM_OPERATIONS} sends and opens`, async (t) => {
  const seed = Number(process.env.SM_TEST_SEED ?? crypto.randomInt(1 << 30));
  t.diagnostic(`SM_TEST_SEED=${seed}`);
  let state = seed;
  const random = (bound) => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) % bound;
  let isRunning = true;
  let kills = 0;
  const killer = (async () => {
    while (isRunning) {
      await sleep(300 + random(900));
      const service = SERVICES[random(SERVICES.length)];
      await world.stack.killService(service);
      kills += 1;
      await world.stack.startService(service);
    }
  })();
  for (let done = 0; done < RANDOM_OPERATIONS; done += 2) {
    const record = await sendOne();
    if (record) await openOne(record);
  }
  isRunning = false;
  await killer;
  t.diagnostic(`${kills} kills, ${acknowledged.sent.length} sends and ${acknowledged.opened.length} opens acknowledged`);
  assert.ok(kills > 10, 'there were kills');
});

test('nothing acknowledged is missing', async () => {
  const deleted = new Set(acknowledged.deleted.map((each) => each.message));
  await until('every mail', () => acknowledged.sent.every(
    (each) => deleted.has(each.message) || world.mails.some((mail) => mail.to === each.address && mail.link)), 120_000);
  for (const record of acknowledged.sent.slice(-10).filter((each) => !deleted.has(each.message)))
    await act.open(world, world.mails.find((mail) => mail.to === record.address && mail.link).link, { password: PASSWORD, home: `again-${record.address}` });
});

test('every event is in the log once, and no key was released without its entry', async () => {
  const entries = await act.log(world);
  const count = (message, kind) => entries.filter((entry) => entry.message === message && entry.kind === kind).length;

  assert.equal(new Set(entries.map((entry) => entry.event)).size, entries.length, 'event ids are unique');
  for (const { message } of acknowledged.sent) assert.equal(count(message, 'sent'), 1);
  for (const { message } of acknowledged.opened) assert.ok(count(message, 'opened') >= 1);
  for (const { message } of acknowledged.replied) assert.ok(count(message, 'replied') >= 1);
  for (const { message } of acknowledged.deleted) assert.equal(count(message, 'deleted'), 1);
  const file = await act.exportLog(world);
  await world.run('securemail-verify', [file]);
});

// A process that is away is not an attacker: only what was opened and is not genuine may be called so.
test('nobody was told of tampering', () => assert.deepEqual([...world.said].filter((word) => word === 'tampered'), []));

test('nothing went out twice that can be told apart', async () => {
  const copies = new Map();
  for (const { to, messageId } of world.mails) copies.set(`${to} ${messageId}`, (copies.get(`${to} ${messageId}`) ?? 0) + 1);
  assert.ok(copies.size >= acknowledged.sent.length);
  for (const [mail, count] of copies) assert.ok(count <= 3, `${mail}: ${count} copies of one Message-ID`);
  for (const record of acknowledged.sent) {
    const ids = new Set(world.mails.filter((mail) => mail.to === record.address && mail.link).map((mail) => mail.messageId));
    assert.ok(ids.size <= 1, `${record.address} has one notification`);
  }
});
