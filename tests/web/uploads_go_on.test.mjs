// PRODUCT.md, transfers resume: an upload whose connection is away goes on where the server is, however
// long that took, with the bytes that were sealed once; what it has to seal again has another salt.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { afterEach, beforeEach, test } from 'node:test';

import { load } from './support/load.mjs';
import { fakeTab, fileOf } from './support/person.mjs';
import { TusServer, hurry, serveUploads, setOnline } from './support/tus.mjs';

fakeTab();
const { Draft, Opener, SALT_BYTES, contextOf, openStream, once, toHex } = await load('web/client/draft.ts', 'web/envelope/chunked.ts', 'web/envelope/bytes.ts');

const PIECE = 8 * 1024 * 1024; // of an upload: what one PATCH carries
const HALF = PIECE / 2;
const ORGANISATION = '8504a8e4202f5b8ba3c4ec53a07129bf';
const COMPOSED = { capability: 'capability', attachment_bytes_max: 50_000_000, parts_max: 101 };
const BYTES = crypto.randomBytes(2 * PIECE + 1000);

const realTimeout = globalThis.setTimeout;
const turns = (ms) => new Promise((resolve) => realTimeout(resolve, ms));

let server;
let draft;

beforeEach(async () => {
  server = new TusServer();
  serveUploads(server);
  hurry();
  setOnline(true);
  draft = await Draft.begin({ base: 'http://server.example' }, { organisation: ORGANISATION, direction: 0 }, async () => COMPOSED);
});
afterEach(() => {
  globalThis.setTimeout = realTimeout;
});

async function until(what, isSo) {
  const end = Date.now() + 20_000;
  while (!isSo()) {
    if (Date.now() > end) throw new Error(`still not: ${what}`);
    await turns(5);
  }
}

const reaches = (outgoing, state) => until(`${outgoing.name} ${state}`, () => outgoing.state === state);
const postsOf = () => server.asked.filter((each) => each === 'POST').length;
const patchesOf = () => server.asked.filter((each) => each.startsWith('PATCH')).map((each) => Number(each.split(' ')[1]));
const saltOf = (upload) => toHex(upload.bytes.subarray(0, SALT_BYTES));

/** What the server has of it opens, under the part's own place, to what the file is. */
async function assertWhole(outgoing, upload) {
  const place = { organisation: ORGANISATION, message: draft.message, direction: 0, part: outgoing.part };
  const opener = new Opener(draft.key, contextOf(place));
  const opened = [];
  for await (const block of openStream(opener, once(new Uint8Array(upload.bytes)))) opened.push(block);
  assert.ok(opener.isWhole);
  assert.ok(Buffer.concat(opened).equals(BYTES));
  const { part, commitment, sha256 } = outgoing.facts;
  assert.equal(part, outgoing.part);
  assert.deepEqual(commitment, opener.commitment);
  assert.equal(toHex(sha256), crypto.createHash('sha256').update(upload.bytes).digest('hex'));
}

/** The connection breaks in the middle of the second piece, and stays away. */
async function brokenInTheMiddle() {
  server.breaksAt = (offset) => {
    server.isAway = offset === PIECE;
    return server.isAway ? HALF : null;
  };
  const outgoing = draft.attach(fileOf('groot.bin', BYTES));
  await until('the connection to break', () => server.isAway);
  return outgoing;
}

async function givenUp() {
  const outgoing = await brokenInTheMiddle();
  await reaches(outgoing, 'failed');
  assert.equal(outgoing.failure.isOffline, true);
  return outgoing;
}

function comesBack() {
  server.isAway = false;
  server.breaksAt = () => null;
}

test('an upload that was given up goes on where the server is, with what was sealed before', async () => {
  const outgoing = await givenUp();
  const before = Buffer.from(server.open[0].bytes);

  comesBack();
  outgoing.resume();
  await reaches(outgoing, 'sent');

  assert.equal(postsOf(), 1);
  assert.deepEqual(patchesOf(), [0, PIECE, PIECE + HALF]);
  assert.ok(server.open[0].bytes.subarray(0, before.length).equals(before));
  await assertWhole(outgoing, server.open[0]);
});

test('it goes on by itself when the device comes back to a network, and a second time', async () => {
  const outgoing = await givenUp();
  dispatchEvent(new Event('online'));
  await reaches(outgoing, 'sending');
  await reaches(outgoing, 'failed');

  comesBack();
  dispatchEvent(new Event('online'));
  await reaches(outgoing, 'sent');

  assert.equal(postsOf(), 1);
  await assertWhole(outgoing, server.open[0]);
});

test('one that was taken out does not go on', async () => {
  const outgoing = await givenUp();
  await draft.remove(outgoing);
  comesBack();
  server.asked.length = 0;

  dispatchEvent(new Event('online'));
  outgoing.resume();
  await turns(50);

  assert.equal(outgoing.state, 'removed');
  assert.deepEqual(server.asked, []);
});

test('without a network no tries are counted, and it goes on at once when there is one', async () => {
  const outgoing = await brokenInTheMiddle();
  setOnline(false);
  await turns(200); // all the tries there are take some 12 ms here
  assert.deepEqual([outgoing.state, outgoing.isWaiting], ['sending', true]);
  globalThis.setTimeout = realTimeout;
  await turns(20); // the next try is far away now

  comesBack();
  setOnline(true);
  await reaches(outgoing, 'sent');

  assert.equal(outgoing.isWaiting, false);

  assert.equal(postsOf(), 1);
  await assertWhole(outgoing, server.open[0]);
});

test('a pause also ends the waiting for the next try', async () => {
  const outgoing = await brokenInTheMiddle();
  setOnline(false);
  await turns(20);
  outgoing.pause();
  assert.equal(outgoing.isWaiting, false);
  comesBack();
  server.asked.length = 0;

  setOnline(true);
  await turns(50);
  assert.deepEqual([outgoing.state, ...server.asked], ['paused']);

  outgoing.resume();
  await reaches(outgoing, 'sent');
  await assertWhole(outgoing, server.open[0]);
});

test('a pause while the next piece is read sends nothing, and going on at once sends it once', async () => {
  for (const isAtOnce of [false, true]) {
    const before = server.open.length;
    server.asked.length = 0;
    const outgoing = draft.attach(fileOf(`${isAtOnce}.bin`, BYTES));
    await new Promise((resolve) => {
      server.opened = (method) => method === 'PATCH' && queueMicrotask(resolve);
    });
    server.opened = () => {};
    outgoing.pause();
    if (!isAtOnce) {
      await turns(50);
      assert.deepEqual([outgoing.state, ...server.asked], ['paused', 'POST']);
    }

    outgoing.resume();
    await reaches(outgoing, 'sent');
    assert.deepEqual(patchesOf(), [0, PIECE, 2 * PIECE]);
    await assertWhole(outgoing, server.open[before]);
  }
});

test('a server that says "later" is asked for the same upload, not for a new one', async () => {
  let answers = 0;
  server.breaksAt = (offset) => (offset === PIECE && answers === 0 ? HALF : null);
  server.refuses = (method) => (method === 'HEAD' && answers++ < 3 ? 503 : 0);
  const outgoing = draft.attach(fileOf('groot.bin', BYTES));
  await reaches(outgoing, 'sent');

  assert.equal(answers, 4);
  assert.equal(postsOf(), 1);
  assert.deepEqual(draft.places, ['http://server.example/api/v1/uploads/1']);
  await assertWhole(outgoing, server.open[0]);
});

test('progress gives the tries back: a line that breaks often is no reason to give up', async () => {
  let breaks = 0;
  server.breaksAt = () => (breaks++ < 40 ? 100_000 : null);
  const outgoing = draft.attach(fileOf('groot.bin', BYTES));
  await reaches(outgoing, 'sent');

  assert.ok(breaks > 40);
  assert.equal(postsOf(), 1);
  await assertWhole(outgoing, server.open[0]);
});

test('what the server lost is sealed anew, under another salt', async () => {
  const outgoing = await givenUp();
  const [lost] = server.open;
  lost.isTakenBack = true;

  comesBack();
  outgoing.resume();
  await reaches(outgoing, 'sent');

  assert.equal(server.open.length, 1);
  assert.notEqual(saltOf(server.open[0]), saltOf(lost));
  await assertWhole(outgoing, server.open[0]);
});

test('under another number it is another part: sealed anew, and the old one taken back', async () => {
  const first = draft.attach(fileOf('eerste.bin', crypto.randomBytes(10)));
  await reaches(first, 'sent');
  const outgoing = await givenUp();
  const begun = server.open[1];
  comesBack();
  await draft.remove(first);

  await outgoing.renumber(1);

  assert.deepEqual([outgoing.state, outgoing.part, server.open.length], ['sent', 1, 1]);
  assert.ok(begun.isTakenBack);
  assert.notEqual(saltOf(server.open[0]), saltOf(begun));
  await assertWhole(outgoing, server.open[0]);
});

test('those that failed take their turns when the network is back', async () => {
  server.isAway = true;
  const all = [1, 2, 3, 4].map((n) => draft.attach(fileOf(`${n}.bin`, crypto.randomBytes(10))));
  for (const each of all) await reaches(each, 'failed');
  let most = 0;
  server.refuses = () => ((most = Math.max(most, all.filter((each) => each.state === 'sending').length)), 0);

  server.isAway = false;
  dispatchEvent(new Event('online'));
  for (const each of all) await reaches(each, 'sent');

  assert.equal(most, 2);
});
