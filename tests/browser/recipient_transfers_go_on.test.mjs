// R5, A12: an attachment of 50 MB whose connection is cut goes on where it broke off, can be cancelled,
// and is offered only when it is whole and verified.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { allUnder } from '../support/walk.mjs';
import * as act from '../system/support/actions.mjs';
import { until } from '../system/support/world.mjs';
import { Person, REFUSED, mailed } from './support/recipient.mjs';
import { onStage } from './support/stage.mjs';

const LIMIT = 50_000_000;
const UPLOAD_BYTES_S = 12_000_000; // slow enough to be caught on the way

let world;
let browser;

onStage((stage) => ({ world, browser } = stage));

async function opened(options) {
  const { link } = await mailed(world, options);
  const person = await Person.at(browser, world, link, { language: 'en' });
  await person.openWithPassword();
  await person.heading('Your results').waitFor();
  person.session = await person.context.newCDPSession(person.page);
  await person.session.send('Network.enable');
  await person.session.send('Performance.enable');
  const networkWith = (limit) =>
    person.session.send('Network.emulateNetworkConditions', { offline: false, latency: 0, uploadThroughput: -1, downloadThroughput: -1, ...limit });
  person.downloadAt = (downloadThroughput) => networkWith({ downloadThroughput });
  person.uploadAt = (uploadThroughput) => networkWith({ uploadThroughput });
  // Buffers count with the tab: the part that is hashed at its end is one.
  person.spent = async (from) => {
    const { metrics } = await person.session.send('Performance.getMetrics');
    const heap = metrics.find(({ name }) => name === 'JSHeapUsedSize').value;
    const buffers = (await person.session.send('Runtime.getHeapUsage')).backingStorageSize ?? 0;
    return `${((Date.now() - from) / 1000).toFixed(1)} s, heap of the tab ${(heap / 1e6).toFixed(1)} MB, buffers ${(buffers / 1e6).toFixed(1)} MB`;
  };
  person.done = () => person.page.getByRole('progressbar').evaluate((bar) => bar.value).catch(() => 0);
  return person;
}

test('50 MB whose connection is cut by a crash of the gateway arrive whole', async (t) => {
  const original = act.makeFile(world, 'large.bin', LIMIT);
  const person = await opened({ attach: [original] });
  const asked = [];
  person.page.on('request', (request) => request.url().includes('/parts/1') && asked.push(request.headers().range ?? ''));
  await person.downloadAt(8_000_000);
  const from = Date.now();

  const coming = person.page.waitForEvent('download', { timeout: 300_000 });
  await person.button('Download \u2068large.bin\u2069').click();
  await until('a fifth to have arrived', async () => (await person.done()) > 0.2, 120_000);
  await world.stack.killService('gateway');
  await person.page.getByText('The connection was lost. This goes on by itself').waitFor();
  const before = await person.done();
  await person.looksRight('download-waiting', { errors: [REFUSED] });
  await world.stack.startService('gateway');
  await person.downloadAt(-1);
  const download = await coming;

  const file = world.path('saved', 'large.bin');
  await download.saveAs(file);
  assert.equal(act.sha256(file), act.sha256(original));
  assert.equal(asked[0], '');
  const resumedAt = Number(/^bytes=(\d+)-$/.exec(asked.at(-1))?.[1]);
  assert.ok(resumedAt > LIMIT * (before - 0.05), `went on at ${resumedAt}, after ${before} had arrived`);
  t.diagnostic(`50 MB down with one crash of the gateway: ${await person.spent(from)}`);
  await person.leave();
});

test('50 MB go up from the page and reach the sender', async (t) => {
  const original = act.makeFile(world, 'up.bin', LIMIT);
  const person = await opened({ attach: [] });
  const sent = (await act.list(world))[0];
  await person.button(person.t.reply).click();
  await person.page.getByText('At most 50 MB a file').waitFor();
  const from = Date.now();
  await person.page.locator('input[type=file]').setInputFiles(original);
  await person.page.getByText('Ready.').waitFor({ timeout: 300_000 });
  t.diagnostic(`50 MB up: ${await person.spent(from)}`);
  await person.field(person.t.yourMessage).fill('Here it is');
  await person.button(person.t.send).click();
  await person.heading(person.t.replySent).waitFor();

  const { replies } = await until('the reply in the list', async () => {
    const shown = await act.show(world, sent.message);
    return shown.replies?.length ? shown : null;
  });
  await world.cli('sender', ['read', replies[0].message, '--save-to', world.path('up')]);
  assert.equal(act.sha256(world.path('up', 'up.bin')), act.sha256(original));
  await person.leave();
});

test('an upload that was given up goes on where the server is, when somebody tries again', async () => {
  const original = act.makeFile(world, 'given-up.bin', LIMIT);
  const person = await opened({ attach: [] });
  const begun = [];
  const offsets = [];
  person.page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/uploads')) begun.push(request.url());
    if (request.method() === 'PATCH') offsets.push(Number(request.headers()['upload-offset']));
  });
  // The tries are minutes apart; the answers' own time limit, which is longer, stays.
  await person.page.evaluate(() => {
    const real = globalThis.setTimeout;
    globalThis.setTimeout = (then, ms, ...more) => real(then, ms >= 500 && ms <= 30_000 ? 50 : ms, ...more);
  });
  await person.button(person.t.reply).click();
  await person.page.getByText('At most 50 MB a file').waitFor();
  await person.uploadAt(UPLOAD_BYTES_S);
  await person.page.locator('input[type=file]').setInputFiles(original);
  await until('a second piece to be on its way', () => offsets.length > 1, 120_000);
  await world.stack.killService('gateway');
  await person.uploadAt(-1);

  const again = person.button('Try again: \u2068given-up.bin\u2069');
  await again.waitFor({ timeout: 120_000 });
  await person.looksRight('reply-upload-given-up', { errors: [REFUSED] });
  await world.stack.startService('gateway');
  await again.click();
  await person.page.getByText('Ready.').waitFor({ timeout: 300_000 });

  assert.equal(begun.length, 1);
  assert.equal(offsets.filter((each) => each === 0).length, 1, `${offsets}`);
  assert.deepEqual([...offsets].sort((a, b) => a - b), offsets);
  await person.leave();
});

test('a download can be cancelled, and begun again', async () => {
  const original = act.makeFile(world, 'later.bin', 20_000_000);
  const person = await opened({ attach: [original] });
  await person.downloadAt(300_000); // more than a minute: a busy machine looks at pictures for long
  await person.button('Download \u2068later.bin\u2069').click();
  await person.button('Cancel \u2068later.bin\u2069').waitFor();
  await until('the focus to be on the way to stop it', async () => (await person.focused()) === 'Cancel');
  await until('a part to have arrived', async () => (await person.done()) > 0.02);
  await person.looksRight('download-running');

  await person.button('Cancel \u2068later.bin\u2069').click();
  await until('the focus to be on the way to begin again', async () => (await person.focused()) === 'Download');
  await person.downloadAt(-1);
  const [download] = await Promise.all([person.page.waitForEvent('download'), person.button('Download \u2068later.bin\u2069').click()]);
  await download.saveAs(world.path('saved', 'later.bin'));
  assert.equal(act.sha256(world.path('saved', 'later.bin')), act.sha256(original));
  await person.leave();
});

test('an attachment that was changed on its way is refused, and nothing of it is offered', async () => {
  const { link, message } = await mailed(world, { attach: [act.makeFile(world, 'changed.bin', 500_000)] });
  const objects = allUnder(world.stack.path('objects')).filter((name) => name.includes(message));
  const files = objects.map((name) => world.stack.path('objects', name)).filter((name) => fs.statSync(name).isFile() && fs.statSync(name).size > 400_000);
  assert.equal(files.length, 1, `the object of the attachment among ${objects.map((each) => path.basename(each))}`);
  const bytes = fs.readFileSync(files[0]);
  bytes[300_000] ^= 1;
  fs.writeFileSync(files[0], bytes);
  const person = await Person.at(browser, world, link, { language: 'en' });
  await person.openWithPassword();
  let downloads = 0;
  person.page.on('download', () => (downloads += 1));

  await person.button('Download \u2068changed.bin\u2069').click();

  await person.page.getByText('Something is not genuine.').waitFor();
  await person.looksRight('attachment-changed');
  assert.equal(downloads, 0);
  await person.leave();
});
