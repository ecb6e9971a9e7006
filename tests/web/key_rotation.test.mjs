// The page's part of replacing a key: one step after the other, waiting for nobody it need not, until it is done,
// or until only rows are left that do not open.

import assert from 'node:assert/strict';
import test from 'node:test';

import { load } from './support/load.mjs';

const web = await load('web/client/rotation.ts', 'web/client/failure.ts');

const answer = (behind, rewrapped = 1, refused = 0) => ({ state: { version: 2, rows: 10, behind, is_under_way: behind > 0 }, rewrapped, refused });

// A step gives what stands next in `script`; what is an Error is thrown.
function steps(...script) {
  const seen = [];
  const step = async () => {
    const next = script.shift();
    if (next instanceof Error) throw next;
    return next;
  };
  const watching = (signal) => ({ onState: ({ behind }) => seen.push(behind), onWaiting: () => seen.push('waits'), signal: signal ?? new AbortController().signal });
  return { seen, run: (signal) => web.bringToEnd(step, watching(signal)) };
}

// Time that passes by hand: the one edge that is stood in for. (node:test has this too, but not alike in Node 18 and 20.)
function handClock(t) {
  const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
  const waiting = new Set();
  let now = 0;
  globalThis.setTimeout = (work, ms = 0) => {
    const timer = { work, at: now + ms };
    waiting.add(timer);
    return timer;
  };
  globalThis.clearTimeout = (timer) => waiting.delete(timer);
  t.after(() => Object.assign(globalThis, real));
  return (ms) => {
    now += ms;
    for (const timer of [...waiting].filter(({ at }) => at <= now)) {
      waiting.delete(timer);
      timer.work();
    }
  };
}

test('it goes on until nothing is behind, and tells how far it is', async () => {
  const { seen, run } = steps(answer(7), answer(3), answer(0));
  assert.equal(await run(), 'done');
  assert.deepEqual(seen, [7, 3, 0]);
});

test('where all that is left does not open it stops, and says so', async () => {
  const { seen, run } = steps(answer(5), answer(2, 0, 2));
  assert.equal(await run(), 'altered');
  assert.deepEqual(seen, [5, 2]);
});

test('a row that somebody holds is left for the next step, after a pause', async (t) => {
  const pass = handClock(t);
  const { seen, run } = steps(answer(1, 0), answer(0));
  const end = run();
  await new Promise(setImmediate);
  assert.deepEqual(seen, [1], 'it waits');
  pass(1000);
  assert.equal(await end, 'done');
});

test('a server that is away or busy is waited for as long as it says; anything else is not', async (t) => {
  const pass = handClock(t);
  const { seen, run } = steps(new web.Failure('busy', { retryAfterS: 7 }), answer(0));
  const end = run();
  await new Promise(setImmediate);
  pass(6900);
  await new Promise(setImmediate);
  assert.deepEqual(seen, ['waits']);
  pass(100);
  assert.equal(await end, 'done');
  await assert.rejects(steps(new web.Failure('not-allowed')).run(), (error) => error.word === 'not-allowed');
});

test('who leaves the page ends it', async () => {
  const leaving = new AbortController();
  leaving.abort();
  await assert.rejects(steps(answer(1)).run(leaving.signal), { name: 'AbortError' });
});
