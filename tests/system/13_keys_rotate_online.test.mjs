// PRODUCT.md T1 and O2: while messages are sent and opened, an organisation's key and the master key are
// rotated; crypto is killed half-way at every place where that could matter, and whoever asks again goes on.
// Afterwards every message opens, no row is behind, the old versions are gone, and the log tells it.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import * as act from './support/actions.mjs';
import { startWorld, until } from './support/world.mjs';

const PASSWORD = 'correct-horse';
const MANY = 110; // more than one batch
const DESKS = ['desk1', 'desk2', 'desk3']; // the sender's, each with a session of its own

let world;
before(async () => {
  world = await startWorld();
  await Promise.all(DESKS.map(async (desk, at) => {
    world.people[desk] = world.people.sender;
    await world.login(desk);
    for (let i = at; i < MANY; i += DESKS.length) await send(`many${i}@recipient.example`, 'code', 0, desk);
  }));
  for (let i = 0; i < 3; i++) await send(`first${i}@recipient.example`);
});
after(() => world?.stop());

const sent = [];

async function send(address, check = 'password', code = 0, home = 'sender') {
  const body = `For ${address} alone.`;
  const result = await act.send(world, { to: address, check, password: PASSWORD, body, code, home });
  if (result.code === 0) sent.push({ address, check, body, message: result.message });
  return result.code === 0;
}

async function open(record) {
  const how = record.check === 'code' ? { code: await codeOf(record) } : { password: PASSWORD };
  const opened = await act.open(world, await act.linkOf(world, record.address), { ...how, home: record.address });
  assert.equal(opened.json.body, record.body);
}

async function codeOf(record) {
  await act.sendCode(world, await act.linkOf(world, record.address), { home: record.address });
  return world.codeFor(record.address);
}

const rotate = (args, code = 0) => world.admin(['key', 'rotate', ...args], { code });
const rotateOrganisation = (code) => rotate(['org', '--org', world.organisation], code);
const status = async () => (await world.admin(['key', 'status'])).json;
const number = (sql) => Number(world.sql(sql)[0][0]);
const isDead = () => {
  const { process: child } = world.stack.running.get('crypto');
  return child.exitCode !== null || child.signalCode !== null;
};

// Sends and opens until it is told to stop; what fails while crypto is away may fail.
function traffic() {
  let isOver = false;
  let count = 0;
  const done = (async () => {
    for (; !isOver; count++) {
      const address = `during${count}-${sent.length}@recipient.example`;
      if (!(await send(address, 'password', null))) continue;
      const link = await act.linkOf(world, address);
      const opened = await act.open(world, link, { password: PASSWORD, home: address, exit: null });
      assert.ok([0, 1, 6, 7].includes(opened.code), `${opened.stdout}${opened.stderr}`);
      assert.doesNotMatch(opened.stdout + opened.stderr, /tampered/);
    }
  })();
  return { stop: () => ((isOver = true), done) };
}

async function restart(env = {}) {
  await world.stack.stopService('crypto');
  await world.stack.startService('crypto', env);
}

async function dieAt(point, rotation, env = {}) {
  await restart({ ...env, SM_FAIL_POINT: point });
  await rotation(null);
  await until(`crypto dead at ${point}`, isDead);
  await world.stack.exitOf('crypto');
}

const POINTS = ['before-begin-commit', 'after-begin', 'before-batch-commit', 'after-batch', 'before-destroy-commit', 'after-destroy'];

for (const point of POINTS)
  test(`an organisation's key is rotated although crypto dies at ${point}`, async () => {
    const mail = traffic();
    await dieAt(`crypto.rotate.${point}`, rotateOrganisation);
    await world.stack.startService('crypto');
    const before = number('SELECT max(version) FROM vault.organisation_key');
    const { behind } = await status();
    if (point === 'after-batch') assert.ok(behind > 0, 'some rows are behind, and the status says so');
    const { json } = await rotateOrganisation();
    await mail.stop();

    const isBegun = ['after-begin', 'before-batch-commit', 'after-batch', 'before-destroy-commit'].includes(point);
    assert.equal(json.version, isBegun ? before : before + 1, 'what was begun is gone on with, and no other is begun');
    assert.equal((await status()).behind, 0);
    assert.deepEqual(world.sql('SELECT version FROM vault.organisation_key'), [[String(json.version)]]);
    assert.equal(number(`SELECT count(*) FROM vault.message WHERE vault.wrap_version(wrapped) <> ${json.version}`), 0);
  });

test('all is still there', async () => {
  for (const record of sent.filter((each) => each.check === 'password')) await open(record);
  for (const record of sent.filter((each) => each.check === 'code').slice(0, 5)) await open(record);
});

// --- the master key ---------------------------------------------------------------------------------------

const newMaster = (name) => world.file(`${name}.key`, `${crypto.randomBytes(32).toString('base64')}\n`);
const given = (current, next) => ({
  SECURE_MAIL_MASTER_KEY_FILE: current, ...(next ? { SECURE_MAIL_MASTER_KEY_NEXT_FILE: next } : {}),
});
const rotateMaster = (code) => rotate(['master'], code);
const refused = (env, words) => assert.rejects(world.stack.startService('crypto', env), words);

test('without a next master key there is nothing to rotate to', async () => {
  await restart();
  const { json } = await rotateMaster(1);
  assert.match(json.message, /no next master key/);
});

for (const [index, point] of POINTS.entries())
  test(`the master key is rotated although crypto dies at ${point}`, async () => {
    const old = world.master ?? world.stack.path('master.key');
    const next = newMaster(`master-${index}`);
    const mail = traffic();
    await dieAt(`crypto.rotate.${point}`, rotateMaster, given(old, next));
    if (['after-begin', 'before-batch-commit', 'after-batch', 'before-destroy-commit'].includes(point)) {
      await refused(given(old), /rotation of the master key is under way/);
      await refused(given(next), /rotation of the master key is under way/);
    }
    await world.stack.startService('crypto', given(old, next));
    const { code } = await rotateMaster(null);
    assert.equal(code, point === 'after-destroy' ? 1 : 0); // then it was finished
    await mail.stop();

    assert.equal((await status()).behind, 0);
    assert.equal(number('SELECT count(*) FROM vault.key_check WHERE retired_ms IS NULL'), 1);
    await world.stack.stopService('crypto');
    await refused(given(old), /rotated away/);
    await refused(given(newMaster('wrong')), /not the master key of this database/);
    await world.stack.startService('crypto', given(old, next)); // what a restart does before .env is edited
    await restart(given(next));
    world.stack.env.crypto = given(next);
    world.master = next;
  });

// --- requests' keys ---------------------------------------------------------------------------------------

test('a new HPKE key is in use at once, and old links and sessions go on', async () => {
  const before = await fetch(`${world.stack.url}/api/v1/keys`).then((answer) => answer.json());
  await rotate(['hpke']);
  const now = await fetch(`${world.stack.url}/api/v1/keys`).then((answer) => answer.json());
  assert.notEqual(now.kid, before.kid);
  assert.equal(now.identity_public, before.identity_public);
  assert.equal(number('SELECT count(*) FROM vault.hpke_key WHERE not_after_ms > clock.now_ms()') > 1, true);
  assert.ok(await send('after@recipient.example'));
});

// --- the end ----------------------------------------------------------------------------------------------

test('every message opens, and the log tells of every rotation and verifies', async () => {
  for (const record of sent.filter((each) => each.check === 'password')) await open(record);
  const file = await act.exportLog(world);
  await world.run('securemail-verify', [file]);
  const told = fs.readFileSync(file, 'utf8');
  for (const words of ['organisation key: version 2 is in use', 'organisation key: version 1 is destroyed', 'master key: version 2 is in use',
    'master key: version 1 is destroyed', 'HPKE key: a new one is in use'])
    assert.ok(told.includes(words), words);
});
