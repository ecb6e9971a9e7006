// Ids as pages make them, by the example of RFC 9562.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { load } from './support/load.mjs';

const { newId, randomId } = await load('web/client/ids.ts');

// RFC 9562, appendix A.6: the time and what is random of its example.
const RFC_TIME_MS = 0x017f22e279b0;
const RFC_RANDOM = 'ffffffffffff0cc318c4dc0c0c07398f';
const RFC_ID = '017f22e279b07cc398c4dc0c0c07398f';

function withRandom(hex, run) {
  const { getRandomValues } = globalThis.crypto;
  globalThis.crypto.getRandomValues = (to) => (to.set(Buffer.from(hex, 'hex')), to);
  try {
    return run();
  } finally {
    globalThis.crypto.getRandomValues = getRandomValues;
  }
}

test('a new id is a UUID of version 7', () => {
  assert.equal(withRandom(RFC_RANDOM, () => newId(RFC_TIME_MS)), RFC_ID);
  for (let i = 0; i < 100; i++) assert.match(newId(), /^[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
});

test('a new id begins with the time by this clock', () => {
  const before = Date.now();
  const time = parseInt(newId().slice(0, 12), 16);
  assert.ok(before <= time && time <= Date.now(), `${time}`);
});

test('what is later comes later, however it is random', () => {
  const ids = [...Array(100).keys()].map((i) => newId(RFC_TIME_MS + i));
  assert.deepEqual([...ids].sort(), ids);
});

test('a random id is random in every bit', () => {
  assert.equal(withRandom(RFC_RANDOM, randomId), RFC_RANDOM);
  const seen = Array.from({ length: 200 }, () => BigInt(`0x${randomId()}`));
  for (let bit = 0n; bit < 128n; bit++) assert.equal(new Set(seen.map((id) => (id >> bit) & 1n)).size, 2, `bit ${bit}`);
});
