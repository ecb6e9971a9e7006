// The published vectors (tests/support/vectors.h says where), as the suite takes them. Where they are
// missing this says so, and the tests that need them are skipped.

import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';

import { TOP } from '../../../dev/stack.mjs';

const FOLDER = process.env.SECURE_MAIL_TEST_VECTORS ?? path.join(TOP, '..', 'shared', 'vectors');
const FILES = {
  chunked: 'chunked_encryption_aes_256_gcm.json',
  points: 'ecdh_secp256r1_ecpoint.json',
  hpke: 'hpke_p256_aes256gcm.json',
  rfc9180: 'hpke_rfc9180_a3_base.json',
};

function read(name) {
  try {
    return JSON.parse(fs.readFileSync(path.join(FOLDER, name), 'utf8'));
  } catch {
    console.log(`note: test vectors are missing: ${path.join(FOLDER, name)} (its tests are skipped)`);
    return null;
  }
}

const tests = (file) => file?.testGroups.flatMap((group) => group.tests) ?? null;

/** name -> the file's tests, or null. Ciphertexts of the chunked vectors are unpacked. */
export function readVectors() {
  const chunked = tests(read(FILES.chunked))?.map((each) => ({ ...each, ct: zlib.inflateSync(Buffer.from(each.ct, 'hex')).toString('hex') }));
  return { chunked: chunked ?? null, points: tests(read(FILES.points)), hpke: read(FILES.hpke)?.tests ?? null, rfc9180: read(FILES.rfc9180) };
}
