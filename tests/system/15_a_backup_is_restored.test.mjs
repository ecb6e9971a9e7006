// The promise of docs/runbook.md: a backup is restored into a fresh cluster
// with one command. An old message opens; what was erased since stays erased; no mail goes out twice; the log
// is one log, in which the restore stands.

import assert from 'node:assert/strict';
import { execFileSync as execute } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import * as act from './support/actions.mjs';
import { formsOf, holds, rowsHold } from './support/canary.mjs';
import { PLANTED, secretsOf } from './support/secrets.mjs';
import { startWorld, until } from './support/world.mjs';

const PASSWORD = 'correct-horse';
const WAITING = 1;
const CODED = 'coded@recipient.example';

let world;
before(async () => {
  world = await startWorld({ env: { retention: { SECURE_MAIL_RETENTION_INTERVAL_S: '2' } } });
});
after(() => world?.stop());

const folder = () => world.path('backup');
const key = (half) => world.path(`backup.${half}`);
const journal = () => world.path('kept', 'erasures.journal');
const send = (name, more = {}) => act.send(world, { to: `${name}@recipient.example`, password: PASSWORD, ...more });
const stateOf = async (message) => (await act.list(world)).find((each) => each.message === message)?.status;

// What the tests tell each other, in order.
const sent = {};
const links = {};
let checkpointOfTheTail;
let code;

test('a backup is one command', async () => {
  grow(20_000);
  for (const name of ['kept', 'deleted', 'revoked'])
    sent[name] = (await send(name, { attach: [act.makeFile(world, `${name}.bin`, 70_000)] })).message;
  for (const name of Object.keys(sent)) links[name] = await act.linkOf(world, `${name}@recipient.example`);
  putWhereOlderProgramsDid(sent.deleted, ['0', '1']);
  putWhereOlderProgramsDid(sent.kept, ['1']); // and its other part where newer ones do: in both folders
  await planted();
  sent.undone = await waitingMail('waiting', 60);
  await world.run('securemail-backup', ['key', 'make', '--public', key('pub'), '--secret', key('key')]);

  const said = await world.stack.backup(folder(), key('pub'));

  assert.match(said, /holds everything/);
  assert.deepEqual(fs.readdirSync(folder()).sort(), ['database', 'keys', 'manifest', 'objects']);
});

// Two messages that are all secrets: one by password, whose link is known, and one by a code that has just gone out.
async function planted() {
  const { subject, body, password, attachment } = PLANTED;
  const attach = [world.file('files/notes.txt', attachment.repeat(1000))];
  sent.planted = (await send('planted', { subject, body, password, attach })).message;
  await act.send(world, { to: CODED, subject, body, check: 'code' });
  links.planted = await act.linkOf(world, 'planted@recipient.example');
  await act.sendCode(world, await act.linkOf(world, CODED));
  code = await world.codeFor(CODED);
}

// lib/store/store_files.h: the folder's two digits were the first of the message's id.
function putWhereOlderProgramsDid(message, parts) {
  fs.mkdirSync(olderObjectsOf(message), { recursive: true });
  for (const part of parts) fs.renameSync(path.join(objectsOf(message), part), path.join(olderObjectsOf(message), part));
  if (fs.readdirSync(objectsOf(message)).length === 0) fs.rmdirSync(objectsOf(message));
}

const objectsOf = (message) => world.stack.path('objects', message.slice(-2), message);
const olderObjectsOf = (message) => world.stack.path('objects', message.slice(0, 2), message);

// An old database: its transactions have numbers that a fresh cluster reaches only years later.
function grow(transactions) {
  world.sql(`DO $$ BEGIN FOR i IN 1..${transactions} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$`);
}

// A letter that the notifier has and may not send yet.
async function waitingMail(name, seconds) {
  const body = world.file(`${name}.txt`, 'Good news.');
  const password = world.file(`${name}.password`, PASSWORD);
  const result = await world.cli('sender', ['send', '--to', `${name}@recipient.example`, '--subject', 'Your results', '--body-file', body,
    '--check', 'password', '--recipient-password-file', password, '--undo', String(seconds)]);
  await until('the notifier has the letter', () => world.sql(`SELECT job FROM outbox.job WHERE state = ${WAITING}`).length === 1);
  return result.json.message;
}

test('nothing of it can be read without the private key', async () => {
  for (const part of fs.readdirSync(folder())) {
    const bytes = fs.readFileSync(path.join(folder(), part));
    assert.ok(!holds(bytes, [...formsOf('recipient.example'), ...signingKey(), ...formsOf('PGDMP')]), `${part} is in the clear`);
  }
});

const signingKey = () => formsOf(fs.readFileSync(world.stack.path('keys', 'audit-sign.key'), 'utf8').trim());

test('who has the private key finds no content, no proof and no key of a message in it, and the master key nowhere', async () => {
  const archive = openPart('database'); // compressed: nothing is found in it as it is
  const rows = execute('pg_restore', ['-f', '-'], { input: archive, maxBuffer: 1 << 28 }).toString();
  const [objects, keys] = ['objects', 'keys'].map(openPart);
  const parts = { rows: (forms) => rowsHold(rows, forms), objects: (forms) => holds(objects, forms), keys: (forms) => holds(keys, forms) };

  for (const [name, forms] of Object.entries(secretsOf(world, { link: links.planted, code })))
    for (const [part, has] of Object.entries(parts)) assert.ok(!has(forms), `${name} is in the ${part}`);

  assert.ok(parts.rows(formsOf('planted@recipient.example')), 'the control: an address is in the rows');
  assert.ok(parts.rows(formsOf(Buffer.from(sent.planted, 'hex'))), 'and so is the id of a message, as bytes');
  assert.ok(parts.objects(formsOf(Buffer.from(sent.planted, 'hex'))), 'its ciphertext is among the objects');
  assert.ok(parts.keys(signingKey()), 'the key of the log is among the keys');
});

function openPart(part) {
  const { id } = manifest();
  return runTool(['open', '--key', key('key'), '--backup', id, '--part', part], path.join(folder(), part));
}

test('what happens after the backup: one message is deleted, one revoked, one sent, one letter goes out', async () => {
  await world.cli('sender', ['delete', sent.deleted, '--yes']);
  await world.cli('sender', ['revoke', sent.revoked]);
  await act.erase(world, ['--person', 'kept@recipient.example', '--by', 'Cor', '--reason', 'a request']);
  assert.ok(!fs.readFileSync(await act.exportLog(world), 'utf8').includes('kept@recipient.example'));
  sent.later = (await send('later')).message;
  links.later = await act.linkOf(world, 'later@recipient.example');
  await world.moveClock(90_000);
  await world.linkFor('waiting@recipient.example');
  await world.run('securemail-admin', ['audit', 'checkpoint'], { home: 'boss' }).then(({ stdout }) =>
    (checkpointOfTheTail = world.file('tail.note', stdout)));
  fs.mkdirSync(path.dirname(journal()));
  fs.copyFileSync(world.stack.path('journal', 'erasures.journal'), journal());
});

test('a restore asks for the journal of erasures, and names what comes back without it', async () => {
  await world.stack.stop();
  loseEverything();

  await assert.rejects(world.stack.restore(folder(), key('key')), /name the journal of erasures[\s\S]*comes back/);
});

// But the master key, which the operator has elsewhere.
function loseEverything() {
  const home = world.stack.path();
  for (const name of ['objects', 'keys', 'journal', 'run']) fs.rmSync(path.join(home, name), { recursive: true });
  fs.rmSync(world.stack.cluster.home, { recursive: true });
  fs.rmSync(world.stack.cluster.socket, { recursive: true, force: true });
}

test('a part that was changed is found before anything is touched', async () => {
  const objects = path.join(folder(), 'objects');
  const before = fs.readFileSync(objects);
  const changed = Buffer.from(before);
  changed[changed.length - 40] ^= 1;
  fs.writeFileSync(objects, changed);

  await assert.rejects(world.stack.restore(folder(), key('key'), { journals: [journal()] }), /does not open/);

  assert.deepEqual(fs.readdirSync(world.stack.path('objects')), []);
  fs.writeFileSync(objects, before);
});

test('a restore is one command into a fresh cluster, and an old message opens', async () => {
  const said = await world.stack.restore(folder(), key('key'), { journals: [journal()] });
  assert.match(said, /everything of .* is back/);
  await world.stack.start();
  for (const home of Object.keys(world.people)) await world.login(home);

  const opened = await act.open(world, links.kept, { password: PASSWORD, saveTo: world.path('saved') });

  assert.equal(opened.json.subject, 'Your results');
  assert.equal(act.sha256(world.path('saved', 'kept.bin')), act.sha256(world.path('files', 'kept.bin')));
});

test('what was erased since the backup stays erased', async () => {
  await act.open(world, links.deleted, { password: PASSWORD, exit: 5 });
  await act.open(world, links.revoked, { password: PASSWORD, exit: 5 });
  await until('the deleted ciphertext is gone', () => !fs.existsSync(objectsOf(sent.deleted)) && !fs.existsSync(olderObjectsOf(sent.deleted)));
  assert.deepEqual(world.sql(`SELECT wrapped IS NULL FROM vault.message WHERE message = '\\x${sent.deleted}'`), [['t']]);
  await until('the list tells it', async () => (await stateOf(sent.deleted)) === undefined && (await stateOf(sent.revoked)) === 'revoked');
});

test('a name that was erased from the log since the backup is erased again, and the log tells it', async () => {
  const lines = fs.readFileSync(await act.exportLog(world), 'utf8').split('\n');
  const restored = lines.findIndex((line) => line.includes('"kind":"log-restored"'));
  const told = (await act.log(world)).filter((entry) => entry.kind === 'personal-erased');

  assert.ok(restored > 0);
  assert.ok(!lines.slice(0, restored).some((line) => line.includes('kept@recipient.example')));
  assert.deepEqual(told.map((entry) => entry.reason), ['again after a restore']);
  assert.deepEqual(world.sql(`SELECT count(*) FROM restore.erasure`), [['0']]);
});

test('what was sent after the backup is gone, with its ciphertext', async () => {
  await act.open(world, links.later, { password: PASSWORD, exit: 5 });
  assert.ok(!fs.existsSync(objectsOf(sent.later)));
});

test('no mail goes out twice: what was waiting is held until it is released', async () => {
  const toWaiting = () => world.mails.filter((mail) => mail.to === 'waiting@recipient.example').length;
  assert.equal(toWaiting(), 1); // before the restore
  await send('fresh');
  await act.linkOf(world, 'fresh@recipient.example'); // new mail is not held up
  assert.equal(toWaiting(), 1);

  await world.moveClock(1000); // the time to undo it is over here too
  await act.linkOf(world, 'fresh@recipient.example');
  assert.equal(toWaiting(), 1);

  const { json } = await world.admin(['mail', 'release']);

  assert.equal(json.restores, 1);
  await until('the held letter goes out', () => toWaiting() === 2);
});

test('status and list go on: what happens after the restore is projected', async () => {
  await until('the opening shows', async () => (await act.show(world, sent.kept)).recipients[0].status === 'opened');
});

test('the log is one log: it verifies, and the restore stands in it', async () => {
  const file = await act.exportLog(world);
  const verdict = await world.run('securemail-verify', [file, '--json']);
  const entries = await act.log(world);
  const restored = entries.filter((entry) => entry.kind === 'log-restored');

  assert.equal(verdict.json.verified, true);
  assert.equal(restored.length, 1);
  assert.equal(entries.filter((entry) => entry.kind === 'deleted' && entry.message === sent.deleted).length, 1);
  assert.equal(verdict.json.restores[0].seq, restored[0].seq);
});

test('who kept a checkpoint of what was lost is told so in words', async () => {
  const file = await act.exportLog(world);
  const verdict = await world.run('securemail-verify', [file, '--checkpoint', checkpointOfTheTail], { code: 1 });

  assert.match(verdict.stdout, /the log was restored on .* from a backup that ended with entry \d+/);
});

test('restoring the same backup twice is refused where something is', async () => {
  await world.stack.stop();
  await assert.rejects(world.stack.restore(folder(), key('key'), { journals: [journal()] }), /data here already/);
  await world.stack.start();
});

// --- the tool ---

function runTool(args, input) {
  return execute(path.join(world.stack.bin, 'securemail-backup'), args, { input: fs.readFileSync(input), maxBuffer: 1 << 28 });
}

function manifest() {
  const text = runTool(['open', '--key', key('key'), '--part', 'manifest'], path.join(folder(), 'manifest')).toString();
  return Object.fromEntries(text.trim().split('\n').map((line) => [line.split(' ')[0], line.slice(line.indexOf(' ') + 1)]));
}
