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
// C2SP's chunked vector 1 and Wycheproof's point 1 (ecdh_secp256r1_ecpoint), so that one of each runs without the files.
test('the first vectors of two files', async () => {
  const stream = {
    key: '59454c4c4f57205355424d4152494e452059454c4c4f57205355424d4152494e',
    ctx: '',
    ct: '43a2e39431cbae0389d3fc86adf46f7c3a24de88d9311617e53f3164cc1d5dc738a66b97f0bf786565c31799c2f463d50a7e10046011dc6fc3c939e3a5db7affb6191551669554fb',
    msgSha512: 'cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e',
    result: 'valid',
    flags: [],
  };
  const point = {
    public: '0462d5bd3372af75fe85a040715d0f502428e07046868b0bfdfa61d731afe44f26ac333a93a9e70a81cd5a95b5bf8d13990eb741c8c38872b4a07d275a014e30cf',
    private: '0612465c89a023ab17855b0a6bcebfd3febb53aef84138647b5352e02c10c346',
    shared: '53020d908b0219328b658b525f26780e3ae12bcd952bb25a93bc0895e1714285',
    result: 'valid',
  };
  assert.deepEqual(await suite.chunkedVectors([stream], 7), { count: 1, faults: [] });
  assert.deepEqual(await suite.pointVectors([point]), { count: 1, faults: [] });
});
holds("RFC 9180's vector", 'rfc9180', 1, (file) => suite.rfc9180Vector(file));
