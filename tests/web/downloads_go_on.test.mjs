// PRODUCT.md, transfers resume: a download outlives its capability, which ends after fifteen minutes, as
// often as it takes; a server that refuses every capability is not asked without end; what was cancelled is
// not given, even when all of it had come and only its kind was looked at.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { test } from 'node:test';

import { load } from './support/load.mjs';

const web = await load('web/client/download.ts', 'web/client/failure.ts', 'web/envelope/chunked.ts', 'web/recipient/files.ts');
const { Failure, partBytes } = web;

const CAPABILITY_MS = 15 * 60_000;
const STRETCH_MS = 20 * 60_000; // a slow line: of each stretch, until its connection breaks
const STRETCH_BYTES = 1000;
const PART = crypto.randomBytes(3 * STRETCH_BYTES);

/** Gives a stretch for each request, at a time of its own, and only on a capability that is still alive. */
function slowServer() {
  const server = { nowMs: 0, renewals: 0, ranges: [], capabilities: new Map() };
  const release = () => {
    const capability = `capability ${server.capabilities.size}`;
    server.capabilities.set(capability, server.nowMs + CAPABILITY_MS);
    return { capability, message: 'message' };
  };
  server.fetch = async (_, { headers }) => {
    const isAlive = server.capabilities.get(headers['Secure-Mail-Capability']) > server.nowMs;
    if (!isAlive) return new Response('{"error":"not-signed-in"}', { status: 401 });
    const from = Number(/\d+/.exec(headers.Range ?? '0')[0]);
    server.ranges.push(from);
    server.nowMs += STRETCH_MS;
    return new Response(PART.subarray(from, from + STRETCH_BYTES), { status: from ? 206 : 200 });
  };
  server.access = { content: release(), renew: async () => (server.renewals++, release()) };
  return server;
}

async function fetched({ fetch, access }) {
  const blocks = [];
  for await (const block of partBytes({ base: '', fetch }, access, 1, PART.length)) blocks.push(block);
  return Buffer.concat(blocks);
}

test('a download whose capability ends twice goes on twice where it was', async () => {
  const server = slowServer();
  assert.ok((await fetched(server)).equals(PART));
  assert.equal(server.renewals, 2);
  assert.deepEqual(server.ranges, [0, STRETCH_BYTES, 2 * STRETCH_BYTES]);
});

test('a capability that is refused as soon as it is renewed ends it', async () => {
  const server = slowServer();
  server.access.renew = async () => (server.renewals++, { capability: 'of somebody else', message: 'message' });
  await assert.rejects(fetched(server), (error) => error instanceof Failure && error.word === 'not-signed-in');
  assert.equal(server.renewals, 1);
});

async function served(size) {
  const plaintext = crypto.randomBytes(size);
  const content = { organisation: '0a'.repeat(16), message: 'be'.repeat(16), direction: 1, capability: 'a capability', key: crypto.randomBytes(32) };
  const sealer = await web.Sealer.start(content.key, web.contextOf(web.placeOf(content, 1)));
  const sealed = Buffer.concat([await sealer.push(plaintext), await sealer.finish()]);
  const listed = { part: 1, ciphertext_size: sealed.length, commitment: sealer.commitment, sha256: crypto.createHash('sha256').update(sealed).digest() };
  const where = { base: '', fetch: async () => new Response(sealed) };
  return { plaintext, download: (options) => web.downloadAttachment(where, { content }, listed, options) };
}

test('what is cancelled is not given, although all of it had come', async () => {
  const { plaintext, download } = await served(100_000);
  assert.ok(Buffer.from(await (await download({})).arrayBuffer()).equals(plaintext));
  const cancel = new AbortController();
  let heard = 0;
  const onProgress = (bytes) => {
    heard = bytes;
    cancel.abort();
  };
  await assert.rejects(download({ signal: cancel.signal, onProgress }), (error) => error.name === 'AbortError');
  assert.ok(heard > plaintext.length, 'it had come as a whole');
});

/** A picture that has come as a whole; `then` happens while its first bytes are looked at. */
function pictureThat(then) {
  const picture = new Blob([Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)]);
  picture.slice = (...range) => {
    then?.();
    return Blob.prototype.slice.apply(picture, range);
  };
  return picture;
}

for (const way of ['cancel', 'forget'])
  test(`a file that is left by ${way}() while its kind is looked at is not here, and has no address`, async (t) => {
    const made = t.mock.method(URL, 'createObjectURL');
    const blobs = [];
    const file = new web.ReceivedFile({ download: async () => blobs.shift() }, { name: 'a.png' }, () => {});
    blobs.push(pictureThat(() => file[way]()), pictureThat());

    await assert.rejects(file.get(), web.isAbort);
    assert.deepEqual([file.state, made.mock.callCount()], [{ at: 'away' }, 0]);

    assert.equal((await file.get()).kind, 'image/png');
    assert.deepEqual([file.state.at, made.mock.callCount()], ['here', 1]);
    file.forget();
  });
