// The pages' sealing code passes the published vectors that the C library passes (in Chromium:
// tests/browser/02).

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { load } from './support/load.mjs';
import { readVectors } from './support/vectors.mjs';

const suite = await load('tests/web/suite/vectors.ts');
const vectors = readVectors();

function holds(name, file, expected, run) {
  test(name, { skip: vectors[file] ? false : 'the vectors are missing' }, async () => {
    assert.deepEqual(await run(vectors[file]), { count: expected, faults: [] });
  });
}

holds('all 35 chunked vectors, in one piece', 'chunked', 35, (tests) => suite.chunkedVectors(tests, 1 << 26));
holds('all 35 chunked vectors, in odd pieces', 'chunked', 35, (tests) => suite.chunkedVectors(tests, 1021));
holds('all 35 chunked vectors, in pieces of a sealed chunk', 'chunked', 35, (tests) => suite.chunkedVectors(tests, 16_400));
test('the valid chunked vectors, sealed again, are their ciphertexts', { skip: !vectors.chunked }, async () => {
  const { count, faults } = await suite.chunkedVectorsSealed(vectors.chunked);
  assert.ok(count > 5);
  assert.deepEqual(faults, []);
});
holds('all 355 points agree or are refused', 'points', 355, (tests) => suite.pointVectors(tests));
holds('all 24 HPKE vectors of our suite', 'hpke', 24, (tests) => suite.hpkeVectors(tests));
holds("RFC 9180's vector", 'rfc9180', 1, (file) => suite.rfc9180Vector(file));
