// PRODUCT.md O4 while people work: a backup that is made in the midst of sends, opens, replies, revocations and
// deletions is one moment of all of it. After a restore every message that was acknowledged before it is whole or
// was ended, every later one is whole or unknown; none is half there.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import * as act from './support/actions.mjs';
import { startWorld, until } from './support/world.mjs';

const PASSWORD = 'correct-horse';
const FILE_BYTES = 200_000;
const GONE = 5; // exit code: this message is no longer available
const WORKERS = 3;
const MESSAGES_MAX = 60;

let world;
before(async () => (world = await startWorld()));
after(() => world?.stop());

const key = (half) => world.path(`backup.${half}`);
const folder = () => world.path('backup');
const journal = () => world.path('kept', 'erasures.journal');

// Of every message that was acknowledged: when, and what became of it since.
const messages = [];
let isOver = false;
let begun;

async function sendOne(name) {
  const file = act.makeFile(world, `${name}.bin`, FILE_BYTES);
  const to = `${name}@recipient.example`;
  const { message } = await act.send(world, { to, subject: name, password: PASSWORD, attach: [file] });
  const record = { name, message, sha256: act.sha256(file), link: await act.linkOf(world, to), isEnded: false, atMs: Date.now() };
  messages.push(record);
  return record;
}

// What one person does, until it is over: each third message is opened, answered or ended again.
async function work(person) {
  const deeds = [
    ({ link }) => act.open(world, link, { password: PASSWORD }),
    ({ link }) => act.reply(world, link, { password: PASSWORD, attach: [act.makeFile(world, `reply-${person}.bin`, 1000)] }),
    async (record) => {
      record.isEnded = true; // from here on it may be: the answer comes later
      await world.cli('sender', record.name.endsWith('5') ? ['revoke', record.message] : ['delete', record.message, '--yes']);
    },
  ];
  for (let i = 0; !isOver && i < MESSAGES_MAX; i++) await deeds[i % deeds.length](await sendOne(`p${person}n${i}`));
}

test('a backup is made in the midst of it', async () => {
  await world.run('securemail-backup', ['key', 'make', '--public', key('pub'), '--secret', key('key')]);
  const workers = Array.from({ length: WORKERS }, (_, person) => work(person));
  await until('there is something to keep', () => messages.length >= 3 * WORKERS);

  begun = Date.now();
  const said = await world.stack.backup(folder(), key('pub'));
  const during = messages.filter(({ atMs }) => atMs >= begun).length;
  const more = messages.length + WORKERS;
  await until('more happens after it', () => messages.length >= more);
  isOver = true;
  await Promise.all(workers);

  assert.match(said, /holds everything/);
  console.log(`note: ${messages.length} messages; ${during} were acknowledged while the backup was made`);
  assert.ok(during > 0, 'something was sent while it was made');
  fs.mkdirSync(world.path('kept'));
  fs.copyFileSync(world.stack.path('journal', 'erasures.journal'), journal());
});

test('it is restored, with what was ended since', async () => {
  await world.stack.stop();
  for (const name of ['objects', 'keys', 'journal', 'run']) fs.rmSync(world.stack.path(name), { recursive: true });
  fs.rmSync(world.stack.cluster.home, { recursive: true });
  fs.rmSync(world.stack.cluster.socket, { recursive: true, force: true });
  await world.stack.restore(folder(), key('key'), { journals: [journal()] });
  await world.stack.start();
  for (const home of Object.keys(world.people)) await world.login(home);
});

test('every message is whole, or ended, or was never there; none is half there', async () => {
  const counts = { whole: 0, gone: 0 };
  for (const { name, link, sha256, isEnded, atMs } of messages) {
    const saveTo = world.path('saved', name);
    fs.mkdirSync(saveTo, { recursive: true });
    const { code } = await act.open(world, link, { password: PASSWORD, saveTo, exit: null });
    assert.ok(code === 0 || code === GONE, `${name}: exit ${code}`);
    counts[code === 0 ? 'whole' : 'gone']++;
    if (code === 0) assert.equal(act.sha256(`${saveTo}/${name}.bin`), sha256, name);
    if (isEnded) assert.equal(code, GONE, `${name} was ended, and opens`);
    else if (atMs < begun) assert.equal(code, 0, `${name} was there before the backup, and is gone`);
  }
  console.log(`note: ${counts.whole} whole, ${counts.gone} ended or unknown`);
  assert.ok(counts.whole > 0 && counts.gone > 0);
});

test('the sender\'s list, the replies and the log are of the same moment', async () => {
  const listed = await act.list(world);
  assert.ok(listed.length > 0);
  for (const { message, direction } of listed) {
    const { recipients } = await act.show(world, message);
    assert.equal(recipients.length, direction === 'message' ? 1 : 0, `${direction} ${message}`);
    if (direction === 'reply') assert.equal((await world.cli('sender', ['read', message])).json.body, 'Thank you.');
  }
  assert.ok(listed.some(({ direction }) => direction === 'reply'));
  const verdict = await world.run('securemail-verify', [await act.exportLog(world), '--json']);
  assert.equal(verdict.json.verified, true);
  const sent = new Set((await act.log(world)).filter((entry) => entry.kind === 'sent').map((entry) => entry.message));
  for (const { message, direction } of listed.filter((each) => each.direction === 'message')) assert.ok(sent.has(message), `${direction} ${message} has its entry`);
});
