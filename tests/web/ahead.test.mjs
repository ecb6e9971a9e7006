// Two steps of a stream at the same time: nothing is lost, turned round or held without end.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { load } from './support/load.mjs';

const { ahead } = await load('web/client/ahead.ts');

const turn = () => new Promise((resolve) => setImmediate(resolve));
const block = (n, size = 10) => new Uint8Array(size).fill(n);

function source(count, { failsAt = -1, size = 10 } = {}) {
  const made = { given: 0, isReturned: false };
  made.stream = (async function* () {
    try {
      for (let n = 0; n < count; n++) {
        if (n === failsAt) throw new Error('broken');
        made.given++;
        yield block(n, size);
      }
    } finally {
      made.isReturned = true;
    }
  })();
  return made;
}

test('every block comes, in its order, and what waited comes together', async () => {
  const seen = [];
  const sizes = [];
  for await (const batch of ahead(source(50).stream, 1000)) {
    seen.push(...batch.map((each) => each[0]));
    sizes.push(batch.length);
    for (let i = 0; i < 10; i++) await turn();
  }
  assert.deepEqual(seen, [...Array(50).keys()]);
  assert.ok(sizes.length < 50, `${sizes}`);
});

test('a reader who is slow makes the source wait', async () => {
  const made = source(100);
  const batches = ahead(made.stream, 30);
  await batches.next();
  for (let i = 0; i < 20; i++) await turn();
  assert.ok(made.given <= 5, `${made.given} blocks were made`);
  await batches.return();
});

test('an empty source ends at once', async () => {
  assert.equal((await ahead(source(0).stream, 10).next()).done, true);
});

test('what came before a failure is given, and then the failure', async () => {
  const seen = [];
  await assert.rejects(async () => {
    for await (const batch of ahead(source(9, { failsAt: 4 }).stream, 1000)) seen.push(...batch.map((each) => each[0]));
  }, /broken/);
  assert.deepEqual(seen, [0, 1, 2, 3]);
});

test('who leaves early ends the source', async () => {
  const made = source(100);
  for await (const batch of ahead(made.stream, 20)) {
    assert.ok(batch.length);
    break;
  }
  for (let i = 0; i < 20 && !made.isReturned; i++) await turn();
  assert.equal(made.isReturned, true);
  assert.ok(made.given < 10);
});
