// PRODUCT.md S1-S7, S11, R1-R6: two recipients with two methods open the same message, files are
// identical, the status follows what happens, and a reply with an attachment reaches the sender.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import * as act from './support/actions.mjs';
import { startWorld, until } from './support/world.mjs';

const ANN = 'ann@recipient.example';
const BEN = 'ben@recipient.example';
const SIZES = { 'empty.txt': 0, 'scan.pdf': 1_000_000, 'film.bin': 50_000_000 };

let world;
let files;
let byPassword;
let byCode;

before(async () => {
  world = await startWorld();
  files = Object.entries(SIZES).map(([name, size]) => act.makeFile(world, name, size));
});
after(() => world?.stop());

const statusOf = async (message) => (await act.list(world)).find((each) => each.message === message)?.status;
const becomes = (message, status) => until(`${status} in the list`, async () => (await statusOf(message)) === status);

function assertSameFiles(folder) {
  for (const file of files) {
    const name = file.split('/').at(-1);
    assert.equal(act.sha256(`${folder}/${name}`), act.sha256(file), name);
  }
}

test('a message with three attachments is sent and delivered', async () => {
  byPassword = await act.send(world, { to: ANN, attach: files, password: 'correct-horse' });
  byCode = await act.send(world, { to: BEN, attach: files, check: 'code' });

  await becomes(byPassword.message, 'delivered');
  await becomes(byCode.message, 'delivered');
});

test('the notification says who sent it and nothing of the content', async () => {
  const mail = await world.mail((each) => each.to === ANN);

  assert.match(mail.body, /Dr\. Ada Sender/);
  assert.match(mail.body, /Clinic West/);
  for (const secret of ['Your results', 'Good news', 'scan.pdf', 'film.bin', 'correct-horse'])
    assert.ok(!JSON.stringify(mail).includes(secret), secret);
});

test('the password opens it, and the files are identical', async () => {
  const folder = world.path('ann');
  const opened = await act.open(world, await act.linkOf(world, ANN), { password: 'correct-horse', saveTo: folder, home: 'ann' });

  assert.equal(opened.json.subject, 'Your results');
  assert.equal(opened.json.body, 'Good news.');
  assertSameFiles(folder);
  await becomes(byPassword.message, 'opened');
});

test('the mailed code opens it, and the files are identical', async () => {
  const link = await act.linkOf(world, BEN);
  await act.sendCode(world, link, { home: 'ben' });
  const folder = world.path('ben');
  await act.open(world, link, { code: await world.codeFor(BEN), saveTo: folder, home: 'ben' });

  assertSameFiles(folder);
  await becomes(byCode.message, 'opened');
});

test('a reply with an attachment reaches the list, sealed, and the sender reads it', async () => {
  const attachment = act.makeFile(world, 'answer.bin', 300_000);
  await act.reply(world, await act.linkOf(world, ANN), { password: 'correct-horse', body: 'Thank you, doctor.', attach: [attachment], home: 'ann' });
  await becomes(byPassword.message, 'replied');

  const answer = await until('the reply in the list', async () =>
    (await act.list(world)).find((each) => each.parent === byPassword.message));
  const folder = world.path('answers');
  const read = await world.cli('sender', ['read', answer.message, '--save-to', folder]);

  assert.equal(read.json.body, 'Thank you, doctor.');
  assert.equal(act.sha256(`${folder}/answer.bin`), act.sha256(attachment));
});

test('both recipients of one message have a link, a check and a trail of their own', async () => {
  const sent = await act.send(world, { to: ['cas@recipient.example', 'dee@recipient.example'] });
  const [cas, dee] = [await act.linkOf(world, 'cas@recipient.example'), await act.linkOf(world, 'dee@recipient.example')];
  await act.open(world, cas, { password: 'correct-horse', home: 'cas' });

  assert.notEqual(cas, dee);
  const shown = await until('one of two opened', async () => {
    const now = await act.show(world, sent.message);
    return now.recipients.filter((each) => each.opened_ms > 0).length === 1 && now;
  });
  assert.equal(shown.recipients.find((each) => each.opened_ms > 0).address, 'cas@recipient.example');
  assert.ok(shown.recipients.find((each) => each.opened_ms > 0).shown_ms > 0);
});

test('every step is in the log, once', async () => {
  const kinds = act.kindsOf(await act.log(world), byPassword.message);

  for (const kind of ['sent', 'notification-queued', 'notification-accepted', 'page-shown', 'verified', 'opened', 'download-granted', 'replied'])
    assert.ok(kinds.includes(kind), `${kind} in ${kinds}`);
  assert.equal(kinds.filter((kind) => kind === 'sent').length, 1);
  assert.equal(fs.readdirSync(world.stack.path('mail')).length > 0, true);
});
