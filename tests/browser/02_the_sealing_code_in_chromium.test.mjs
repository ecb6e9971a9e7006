// The same code that Node tested passes the vectors in Chromium; 50 MB go up while the gateway is
// killed and started again, and come down identical, in flat memory.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { until } from '../system/support/world.mjs';
import { script } from '../web/support/load.mjs';
import { readVectors } from '../web/support/vectors.mjs';
import { openPerson, visit } from './support/browser.mjs';
import { onStage } from './support/stage.mjs';

const vectors = readVectors();
const SIZE = 50_000_000;

let world;
let browser;
let person;

onStage(async (stage) => {
  ({ world, browser } = stage);
  person = await openPerson(browser, world, { locale: 'en-GB' });
  await visit(person.page, `${world.stack.url}/m`);
  // Through the debugger and not as a script of the page: its policy stays as it is.
  const modules = ['web/client/office.ts', 'web/client/visit.ts', 'web/envelope/link.ts', 'web/envelope/sha256.ts', 'web/client/blocks.ts', 'web/envelope/bytes.ts'];
  await person.page.evaluate(`${await script('client', ...modules)};globalThis.client = client;undefined`);
  await person.page.evaluate(`${await script('suite', 'tests/web/suite/vectors.ts')};globalThis.suite = suite;undefined`);
});

function holds(name, file, expected, run, argument) {
  test(name, { skip: vectors[file] ? false : 'the vectors are missing' }, async () => {
    const report = await person.page.evaluate(([which, tests, more]) => globalThis.suite[which](tests, more), [run, vectors[file], argument]);
    assert.deepEqual(report.faults, []);
    assert.ok(expected ? report.count === expected : report.count > 5, `${report.count} ran`);
  });
}

holds('all 35 chunked vectors, in one piece', 'chunked', 35, 'chunkedVectors', 1 << 26);
holds('all 35 chunked vectors, in odd pieces', 'chunked', 35, 'chunkedVectors', 1021);
holds('the valid ones sealed again', 'chunked', 0, 'chunkedVectorsSealed');
holds('all 355 points agree or are refused', 'points', 355, 'pointVectors');
holds('all 24 HPKE vectors of our suite', 'hpke', 24, 'hpkeVectors');
holds("RFC 9180's vector", 'rfc9180', 1, 'rfc9180Vector');

// In the page: makes a file, signs in, and begins to send it.
async function beginSending({ size }) {
  const { client } = globalThis;
  const blocks = [];
  for (let left = size; left > 0; left -= 65_536) blocks.push(crypto.getRandomValues(new Uint8Array(Math.min(left, 65_536))));
  const file = new File(blocks, 'film.bin', { type: 'video/mp4' });
  const digest = new client.Sha256();
  for await (const block of client.blocksOf(file)) digest.add(block);
  globalThis.sent = client.toHex(digest.finish());
  const office = await client.Office.open();
  await office.signIn('sender@clinic.example', 'password-of-sender');
  const draft = await office.beginMessage();
  globalThis.outgoing = draft.attach(file);
  const recipients = [{ address: 'ann@recipient.example', name: '', method: 1, password: 'correct-horse' }];
  const message = { recipients, subject: 'Film', body: 'Zie de bijlage.', lifetime_days: 1, undo_s: 0, language: 'nl', parent: '' };
  globalThis.sending = office.send(draft, message);
}

// In the page: opens the link and downloads its one attachment.
async function receive({ fragment }) {
  const { client } = globalThis;
  const visit = await client.Visit.open(client.parseLink(fragment));
  await visit.verify({ password: 'correct-horse' });
  const content = await visit.open();
  const before = performance.memory.usedJSHeapSize;
  let peak = before;
  const onProgress = () => (peak = Math.max(peak, performance.memory.usedJSHeapSize));
  const start = performance.now();
  const blob = await content.download(content.manifest.attachments[0], { onProgress });
  const ms = performance.now() - start;
  const digest = new client.Sha256();
  for await (const block of client.blocksOf(blob)) digest.add(block);
  return { hash: client.toHex(digest.finish()), heapMB: (peak - before) / 1e6, ms };
}

test('50 MB go up although the gateway is killed on the way, and come down identical', async () => {
  const { page, context, faults } = person;
  // Slow enough to be caught on the way.
  const network = await context.newCDPSession(page);
  await network.send('Network.enable');
  const slow = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 12_000_000 };
  await network.send('Network.emulateNetworkConditions', slow);
  const start = Date.now();
  await page.evaluate(beginSending, { size: SIZE });
  await until('a first piece at the server', () => page.evaluate(() => globalThis.outgoing.sentBytes > 4_000_000));
  await world.stack.killService('gateway');
  assert.equal(await page.evaluate(() => globalThis.outgoing.state), 'sending', 'it was still on its way');
  await network.send('Network.emulateNetworkConditions', { ...slow, uploadThroughput: -1 });
  await world.stack.startService('gateway');
  await page.evaluate(() => globalThis.sending);
  console.log(`note: 50 MB up with one restart of the gateway: ${Date.now() - start} ms`);

  const fragment = new URL(await world.linkFor('ann@recipient.example')).hash;
  const received = await page.evaluate(receive, { fragment });
  console.log(`note: 50 MB down: ${Math.round(received.ms)} ms, the tab's heap grew by ${received.heapMB.toFixed(1)} MB at most`);

  assert.equal(received.hash, await page.evaluate(() => globalThis.sent));
  assert.deepEqual(faults.violations, []);
  assert.deepEqual(faults.foreign, []);
});
