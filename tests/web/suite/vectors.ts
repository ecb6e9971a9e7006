// The vectors of tests/unit/envelope, over the pages' code: runs in Node and in browsers, and tells
// what did not hold.

import { Aes128Gcm, CipherSuite, HkdfSha256 } from '@hpke/core';

import { type Bytes, concat, equal, fromHex, toHex } from '../../../web/envelope/bytes';
import { Opener, Sealer } from '../../../web/envelope/chunked';
import { kem, publicKey, receive } from '../../../web/envelope/hpke';

interface Report {
  count: number;
  faults: string[];
}

async function each<T>(tests: T[], run: (test: T) => Promise<void>): Promise<Report> {
  const faults: string[] = [];
  for (const [index, test] of tests.entries())
    await run(test).catch((error: unknown) => faults.push(`${index}: ${String(error)}`));
  return { count: tests.length, faults };
}

function must(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(what);
}

async function isRefused(work: Promise<unknown> | (() => unknown)): Promise<boolean> {
  try {
    await (typeof work === 'function' ? work() : work);
    return false;
  } catch {
    return true;
  }
}

// --- chunked encryption ---

interface ChunkedTest {
  key: string;
  ctx: string;
  ct: string;
  msgLength?: number;
  msgSha512?: string;
  result: string;
  flags: string[];
}

async function sha512(bytes: Bytes): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-512', bytes)));
}

async function openInPieces(opener: Opener, ciphertext: Bytes, piece: number, released: Bytes[]): Promise<void> {
  for (let at = 0; at < ciphertext.length; at += piece) released.push(await opener.push(ciphertext.subarray(at, at + piece)));
  released.push(await opener.finish());
}

async function runChunked(test: ChunkedTest, piece: number): Promise<void> {
  const isValid = test.result === 'valid';
  if (test.flags.includes('InvalidKeySize')) {
    must(await isRefused(() => new Opener(fromHex(test.key), fromHex(test.ctx))), 'a key of another size');
    return;
  }
  const opener = new Opener(fromHex(test.key), fromHex(test.ctx));
  const released: Bytes[] = [];
  const refused = await isRefused(openInPieces(opener, fromHex(test.ct), piece, released));
  must(refused === !isValid && opener.isWhole === isValid, `refused ${refused}, whole ${opener.isWhole}`);
  const bytes = concat(...released);
  if (isValid) must((await sha512(bytes)) === test.msgSha512, 'another plaintext');
  else if (test.msgLength === undefined) must(bytes.length === 0, 'plaintext before the failure');
  else must(bytes.length <= test.msgLength, 'more plaintext than is genuine');
  if (!isValid) must((await isRefused(opener.push(bytes))) && (await isRefused(opener.finish())), 'goes on after a failure');
}

export function chunkedVectors(tests: ChunkedTest[], piece: number): Promise<Report> {
  return each(tests, (test) => runChunked(test, piece));
}

/** The valid ones' plaintext, sealed again with their salt, is their ciphertext. */
export function chunkedVectorsSealed(tests: ChunkedTest[]): Promise<Report> {
  const valid = tests.filter((test) => test.result === 'valid');
  return each(valid, async (test) => {
    const ciphertext = fromHex(test.ct);
    const released: Bytes[] = [];
    await openInPieces(new Opener(fromHex(test.key), fromHex(test.ctx)), ciphertext, 100_000, released);
    const sealer = await Sealer.start(fromHex(test.key), fromHex(test.ctx), ciphertext.slice(0, 24));
    must(equal(concat(await sealer.push(concat(...released)), await sealer.finish()), ciphertext), 'another ciphertext');
  });
}

// --- points ---

interface PointTest {
  public: string;
  private: string;
  shared: string;
  result: string;
}

/** The file pads and cuts zeros as DER does. */
function scalarOf(text: string): Bytes {
  return fromHex(text.replace(/^(00)+(?=[0-9a-f]{64}$)/, '').padStart(64, '0'));
}

/** Compressed points are "acceptable" there; we refuse them like the invalid ones. */
export function pointVectors(tests: PointTest[]): Promise<Report> {
  return each(tests, async (test) => {
    if (test.result !== 'valid') return must(await isRefused(publicKey(fromHex(test.public))), 'a bad point was accepted');
    const own = await kem.deserializePrivateKey(scalarOf(test.private).buffer);
    const peer = await publicKey(fromHex(test.public));
    const shared = new Uint8Array(await crypto.subtle.deriveBits({ name: 'ECDH', public: peer }, own, 256));
    must(toHex(shared) === test.shared, 'another secret');
  });
}

// --- HPKE ---

interface HpkeTest {
  skRm: string;
  info: string;
  enc: string;
  encryptions: { pt: string; aad: string; ct: string }[];
  exports: { context: string; length: number; value: string }[];
}

export function hpkeVectors(tests: HpkeTest[]): Promise<Report> {
  return each(tests, async (test) => {
    const key = await kem.deserializePrivateKey(fromHex(test.skRm).buffer);
    const context = await receive(key, fromHex(test.enc), fromHex(test.info));
    for (const { pt, aad, ct } of test.encryptions)
      must(toHex(new Uint8Array(await context.open(fromHex(ct), fromHex(aad)))) === pt, 'another plaintext');
    for (const each of test.exports)
      must(toHex(new Uint8Array(await context.export(fromHex(each.context), each.length))) === each.value, 'another export');
  });
}

interface Rfc9180 {
  setup: { info: string; ikmE: string; ikmR: string; pkEm: string; pkRm: string; enc: string };
  encryptions: { sequence_number: string; pt: string; aad: string; ct: string }[];
  exports: { exporter_context: string; L: string; exported_value: string }[];
}

/** Appendix A.3.1: AES-128-GCM, which exists for this vector alone. */
export function rfc9180Vector({ setup, encryptions, exports }: Rfc9180): Promise<Report> {
  return each([0], async () => {
    const suite = new CipherSuite({ kem, kdf: new HkdfSha256(), aead: new Aes128Gcm() });
    const ephemeral = await kem.deriveKeyPair(fromHex(setup.ikmE).buffer);
    const own = await kem.deriveKeyPair(fromHex(setup.ikmR).buffer);
    const info = fromHex(setup.info);
    const sender = await suite.createSenderContext({ recipientPublicKey: await publicKey(fromHex(setup.pkRm)), info, ekm: ephemeral });
    const receiver = await suite.createRecipientContext({ recipientKey: own.privateKey, enc: fromHex(setup.enc), info });
    must(toHex(new Uint8Array(sender.enc)) === setup.enc, 'another enc');
    let sequence = 0;
    for (const { sequence_number, pt, aad, ct } of encryptions) {
      const none = new Uint8Array(0);
      for (; sequence < Number(sequence_number); sequence++) await receiver.open(await sender.seal(none, none), none);
      const sealed = new Uint8Array(await sender.seal(fromHex(pt), fromHex(aad)));
      must(toHex(sealed) === ct, `another ciphertext at ${sequence}`);
      must(toHex(new Uint8Array(await receiver.open(sealed, fromHex(aad)))) === pt, `another plaintext at ${sequence}`);
      sequence++;
    }
    for (const { exporter_context, L, exported_value } of exports)
      must(toHex(new Uint8Array(await receiver.export(fromHex(exporter_context), Number(L)))) === exported_value, 'another export');
  });
}
