// What the pages seal the C library opens, and the reverse; one changed bit is refused on both sides;
// streams keep memory flat and say how far they are.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, test } from 'node:test';

import { startInterop } from './support/interop.mjs';
import { load } from './support/load.mjs';

const web = await load(
  'web/envelope/bytes.ts', 'web/envelope/chunked.ts', 'web/envelope/sealed.ts', 'web/envelope/hpke.ts', 'web/envelope/identity.ts',
  'web/envelope/link.ts', 'web/envelope/manifest.ts', 'web/envelope/subject.ts', 'web/envelope/sha256.ts', 'web/envelope/digest.ts', 'web/envelope/text.ts',
);

const KEY = crypto.randomBytes(32);
const ORGANISATION = '0a'.repeat(16);
const MESSAGE = 'be'.repeat(16);
const place = { organisation: ORGANISATION, message: MESSAGE, part: 3, direction: 1 };
const placeWords = [{ id: ORGANISATION }, { id: MESSAGE }, [3], [1]];
const SIZES = [0, 1, 16383, 16384, 16385, 50_000];

let c;
before(() => (c = startInterop()));
after(async () => assert.equal(await c.stop(), 0));

const bytes = (size) => new Uint8Array(crypto.randomBytes(size));
const same = (a, b) => assert.equal(Buffer.compare(Buffer.from(a), Buffer.from(b)), 0);
const text = (value) => new TextDecoder().decode(value);

function flipped(original, bit) {
  const copy = new Uint8Array(original);
  copy[bit >> 3] ^= 1 << (bit & 7);
  return copy;
}

// Every bit of what is short; of what is long, the ends and a sample between.
function* bitsOf(size) {
  const all = size * 8;
  const step = all < 2000 ? 1 : 997;
  for (let bit = 0; bit < all; bit += step) yield bit;
  yield all - 1;
}

test('the context of a place is the same', async () => {
  same((await c.call('context', ...placeWords))[0], web.contextOf(place));
});

test('parts open on the other side, of every size', async () => {
  const context = web.contextOf(place);
  for (const size of SIZES) {
    const plaintext = bytes(size);
    const ours = await web.seal(KEY, context, plaintext);
    assert.equal(ours.length, web.ciphertextSize(size));
    same((await c.call('part-open', KEY, context, ours))[0], plaintext);
    const [theirs] = await c.call('part-seal', KEY, context, plaintext);
    same(await web.open(KEY, context, theirs), plaintext);
  }
});

test('a part with one changed bit, a cut one and a longer one are refused on both sides', async () => {
  const context = web.contextOf(place);
  const sealed = await web.seal(KEY, context, bytes(100));
  for (const bit of bitsOf(sealed.length)) await assert.rejects(web.open(KEY, context, flipped(sealed, bit)), web.Tampered);
  for (const bit of [0, 200, 500, sealed.length * 8 - 1]) await assert.rejects(c.call('part-open', KEY, context, flipped(sealed, bit)), /tampered/);
  for (let size = 0; size < sealed.length; size += 7) await assert.rejects(web.open(KEY, context, sealed.subarray(0, size)), web.Tampered);
  await assert.rejects(web.open(KEY, context, web.concat(sealed, bytes(1))), web.Tampered);
});

test('chunks that are swapped, dropped or repeated are refused', async () => {
  const context = web.contextOf(place);
  const sealed = await web.seal(KEY, context, bytes(3 * 16384 + 5));
  const chunk = (i) => sealed.subarray(56 + i * 16400, 56 + (i + 1) * 16400);
  const head = sealed.subarray(0, 56);
  for (const order of [[1, 0, 2, 3], [0, 2, 3], [0, 1, 1, 2, 3], [0, 1, 2], [1, 2, 3], [3]])
    await assert.rejects(web.open(KEY, context, web.concat(head, ...order.map(chunk))), web.Tampered, String(order));
});

test('a part opens at no other place', async () => {
  const sealed = await web.seal(KEY, web.contextOf(place), bytes(10));
  for (const other of [{ part: 2 }, { direction: 0 }, { message: ORGANISATION }, { organisation: MESSAGE }])
    await assert.rejects(web.open(KEY, web.contextOf({ ...place, ...other }), sealed), web.Tampered);
});

test('a stream of 50 MB goes through in flat memory, hashed and counted', async () => {
  const SIZE = 50_000_000;
  const context = web.contextOf(place);
  async function* source() {
    const block = bytes(1 << 20);
    for (let left = SIZE; left > 0; left -= block.length) yield block.subarray(0, Math.min(left, block.length));
  }
  const digest = new web.Sha256();
  const reference = crypto.createHash('sha256');
  let sealedSize = 0;
  async function* sealed() {
    for await (const block of web.sealStream(await web.Sealer.start(KEY, context), source())) {
      sealedSize += block.length;
      digest.add(block);
      reference.update(block);
      yield block;
    }
  }
  const opener = new web.Opener(KEY, context);
  let opened = 0;
  let told = 0;
  let largest = 0;
  for await (const block of web.openStream(opener, sealed(), (done) => (told = done))) {
    assert.equal(opener.isWhole, opened + block.length === SIZE);
    opened += block.length;
    largest = Math.max(largest, block.length);
  }
  assert.equal(opened, SIZE);
  assert.equal(told, sealedSize);
  assert.equal(sealedSize, web.ciphertextSize(SIZE));
  assert.ok(largest < 2 << 20, 'one block at a time');
  same(digest.finish(), reference.digest());
});

test('SHA-256 in pieces of any size is SHA-256', () => {
  for (const size of [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000]) {
    const all = bytes(size);
    for (const piece of [1, 13, 64, 1000]) {
      const digest = new web.Sha256();
      for (let at = 0; at < size; at += piece) digest.add(all.subarray(at, at + piece));
      same(digest.finish(), crypto.createHash('sha256').update(all).digest());
    }
  }
});

test('a digest is SHA-256 whether it is gathered or hashed as it comes', async () => {
  const all = bytes(1000);
  for (const size of [all.length, 65 * 1024 * 1024, Number.MAX_SAFE_INTEGER]) {
    const digest = new web.Digest(size);
    for (let at = 0; at < all.length; at += 300) digest.add(all.subarray(at, at + 300));
    same(await digest.finish(), crypto.createHash('sha256').update(all).digest());
  }
  assert.throws(() => new web.Digest(10).add(bytes(11)), RangeError, 'more than was said');
});

// --- sealed requests ---

test('a sealed request opens in C and its reply opens here, and nowhere else', async () => {
  const [, , server] = await c.call('key');
  const aad = bytes(20);
  const plaintext = bytes(500);

  const { frame, exchange } = await web.sealRequest(server, { operation: 'hello', aad, plaintext });
  const [opened, seen] = await c.call('request-open', 'hello', frame);
  same(opened, plaintext);
  same(seen, aad);
  const [reply] = await c.call('reply-make', 'the answer');
  assert.equal(text(await exchange.open(reply)), 'the answer');

  const other = await web.sealRequest(server, { operation: 'hello', aad, plaintext });
  await assert.rejects(other.exchange.open(reply), web.Tampered);
  for (const bit of bitsOf(reply.length)) await assert.rejects(exchange.open(flipped(reply, bit)), web.Tampered);
  await assert.rejects(exchange.open(reply.subarray(0, 20)), web.Tampered);
  await assert.rejects(c.call('request-open', 'open', frame), /tampered/);
  for (const bit of bitsOf(frame.length)) if (bit % 13 === 0) await assert.rejects(c.call('request-open', 'hello', flipped(frame, bit)), /tampered|key-unknown|bad-format/);
});

test('a request that C sealed opens with the same steps', async () => {
  const pair = await web.kem.generateKeyPair();
  const server = new Uint8Array(await web.kem.serializePublicKey(pair.publicKey));
  const [frame] = await c.call('request-make', server, 'send', 'clear', 'hidden');
  const head = frame.subarray(0, 11 + 5);
  const context = await web.receive(pair.privateKey, frame.subarray(16, 81), web.utf8('securemail/1 send'));

  assert.equal(text(new Uint8Array(await context.open(frame.slice(81), head))), 'hidden');
  same(await web.keyId(server), frame.subarray(1, 9));
});

test("C's identity statement is believed, and no changed one", async () => {
  const [identity, kid, hpke_public, signature, from, to, pin] = await c.call('key');
  const number = (value) => Number(Buffer.from(value).readBigUInt64BE());
  const statement = { kid, hpke_public, signature, not_before_ms: number(from), not_after_ms: number(to) };

  await web.verifyIdentity(identity, statement);
  same(await web.identityPin(identity), pin);

  for (const member of ['kid', 'hpke_public', 'signature'])
    for (const bit of bitsOf(statement[member].length))
      await assert.rejects(web.verifyIdentity(identity, { ...statement, [member]: flipped(statement[member], bit) }), web.Tampered, member);
  for (const member of ['not_before_ms', 'not_after_ms'])
    await assert.rejects(web.verifyIdentity(identity, { ...statement, [member]: statement[member] + 1 }), web.Tampered);
  const [another] = await c.call('key');
  await assert.rejects(web.verifyIdentity(another, statement), web.Tampered);
});

// --- header part, subject, link ---

const listed = { part: 1, name: 'scan é.pdf', media_type: 'application/pdf', size: 20_000, ciphertext_size: web.ciphertextSize(20_000), commitment: bytes(32), sha256: bytes(32) };
const SUBJECT = 'Uitslag van uw onderzoek';
const BODY = 'Beste patiënt,\nalles is goed. 👍';

test('a header part with its manifest opens on the other side', async () => {
  const where = { ...place, part: 0 };
  const words = [{ id: ORGANISATION }, { id: MESSAGE }, [0], [1]];
  const ours = await web.sealHeaderPart(KEY, where, web.makeManifest({ subject: SUBJECT, body: BODY, attachments: [listed] }));
  const [subject, body, name, type, size, commitment, sha256] = await c.call('header-open', KEY, ...words, ours);
  assert.deepEqual([subject, body, name, type].map(text), [SUBJECT, BODY, listed.name, listed.media_type]);
  assert.equal(Buffer.from(size).readBigUInt64BE(), 20_000n);
  same(commitment, listed.commitment);
  same(sha256, listed.sha256);

  const [theirs] = await c.call('header-seal', KEY, ...words, SUBJECT, BODY, listed.name, listed.media_type, [0x4e, 0x20], listed.commitment, listed.sha256);
  assert.deepEqual(await web.openHeaderPart(KEY, where, theirs), { version: 1, subject: SUBJECT, body: BODY, body_type: 'text/plain', attachments: [listed] });
  for (const bit of bitsOf(theirs.length)) if (bit % 7 === 0) await assert.rejects(web.openHeaderPart(KEY, where, flipped(theirs, bit)), web.Tampered);
});

test('what the manifest forbids is neither sealed nor opened', () => {
  const changes = [
    { part: 2 }, { name: 'a/b' }, { name: '..' }, { name: 'x\u202egpj.exe' }, { name: '' }, { media_type: 'text' }, { media_type: 'a/b/c' },
    { ciphertext_size: listed.ciphertext_size + 1 }, { size: -1 }, { size: 1.5 }, { commitment: bytes(31) }, { sha256: bytes(33) },
  ];
  for (const change of changes)
    assert.throws(() => web.encodeManifest(web.makeManifest({ subject: '', body: '', attachments: [{ ...listed, ...change }] })), JSON.stringify(change));
  for (const subject of ['two\nlines', 'x'.repeat(999), '\ud800'])
    assert.throws(() => web.encodeManifest(web.makeManifest({ subject, body: '', attachments: [] })), subject);
});

test('an attachment that is not the listed one is refused', () => {
  const found = { ciphertext_size: listed.ciphertext_size, commitment: listed.commitment, sha256: listed.sha256 };
  web.checkAttachment(listed, found);
  for (const change of [{ ciphertext_size: 1 }, { commitment: bytes(32) }, { commitment: null }, { sha256: bytes(32) }])
    assert.throws(() => web.checkAttachment(listed, { ...found, ...change }), web.Tampered);
});

test('a subject opens on the other side', async () => {
  const where = { organisation: ORGANISATION, message: MESSAGE };
  const words = [KEY, { id: ORGANISATION }, { id: MESSAGE }];
  const subjectKey = await web.subjectKeyOf(KEY);
  const ours = await web.sealSubject(subjectKey, where, SUBJECT);
  assert.equal(text((await c.call('subject-open', ...words, ours))[0]), SUBJECT);
  const [theirs] = await c.call('subject-seal', ...words, SUBJECT);
  assert.equal(await web.openSubject(subjectKey, where, theirs), SUBJECT);
  for (const bit of bitsOf(theirs.length)) await assert.rejects(web.openSubject(subjectKey, where, flipped(theirs, bit)), web.Tampered);
  await assert.rejects(web.openSubject(subjectKey, { ...where, message: ORGANISATION }, theirs), web.Tampered);
});

test('a link is read as it was written, and in one spelling only', async () => {
  const link = { link: MESSAGE, secret: bytes(32), pin: bytes(16) };
  const [whole] = await c.call('link-format', 'https://mail.example.org', { id: MESSAGE }, link.secret, link.pin);
  const fragment = text(whole).split('#')[1];
  assert.deepEqual(web.parseLink(`#${fragment}`), { link: MESSAGE, secret: Uint8Array.from(link.secret), pin: Uint8Array.from(link.pin) });
  assert.equal(web.linkFragment(link), fragment);
  same((await c.call('link-parse', web.linkFragment(link)))[1], link.secret);

  const spoilt = ['', '#', `2${fragment.slice(1)}`, `${fragment}x`, ` ${fragment}`, fragment.toUpperCase(), fragment.replace(MESSAGE, '0'.repeat(32)), fragment.slice(0, -1), `##${fragment}`];
  for (const each of spoilt) {
    assert.throws(() => web.parseLink(each), web.Tampered, each);
    await assert.rejects(c.call('link-parse', each), /bad-format/, each);
  }
  // The last letter's stray bits: another spelling of the same bytes.
  const strays = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].filter((letter) => {
    try {
      web.parseLink(fragment.slice(0, -1) + letter);
      return true;
    } catch {
      return false;
    }
  });
  assert.equal(strays.length, 4);
});

test('texts follow the rules of C', () => {
  for (const good of ['', 'é', 'مرحبا', '👩‍⚕️', 'a\u200bb']) assert.ok(web.isLine(good), good);
  for (const bad of ['\n', '\u0000', '\u007f', '\u0085', '\u2028', '\u202e', '\u2066', '\ud800', 'a\udc00']) assert.ok(!web.isLine(bad), JSON.stringify(bad));
  assert.ok(web.isText('two\nlines\t'));
  for (const good of ['a@b.nl', "o'brien+x@mail.example.org", `${'a'.repeat(64)}@b.nl`]) assert.ok(web.isAddress(good), good);
  for (const bad of ['', 'a', 'a@b', '@b.nl', 'a@', 'a@@b.nl', 'a@b..nl', '.a@b.nl', 'a.@b.nl', 'a..b@b.nl', 'é@b.nl', 'a@é.nl', 'a b@c.nl', 'a@-b.nl', 'a@b-.nl', `${'a'.repeat(65)}@b.nl`, 'a@b.nl\n', '<a@b.nl>'])
    assert.ok(!web.isAddress(bad), JSON.stringify(bad));
});
