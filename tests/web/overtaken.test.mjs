// An answer that comes late changes nothing of what a person has gone on to meanwhile: another message
// that is shown, another message that is written.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { load } from './support/load.mjs';
import { fakeTab } from './support/person.mjs';

fakeTab();
globalThis.document = Object.assign(new EventTarget(), { documentElement: { lang: '' }, hidden: true });
Object.defineProperty(globalThis, 'navigator', { value: { languages: ['en'] }, configurable: true });
globalThis.requestAnimationFrame = (work) => setImmediate(work);
globalThis.cancelAnimationFrame = clearImmediate;
const { Writing, hooked, useDetail } = await load('web/sender/compose/writing.ts', 'web/sender/message/detail.ts', 'tests/web/suite/hooks.tsx');

/** Everything that has been set going until now: drawings, effects, answers. Each takes a few turns, and no time. */
const settled = async () => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve));
};

/** Asked again and again, and answered one by one, in an order of the test's own. */
function held() {
  const asked = [];
  const ask = (what) => new Promise((resolve, reject) => asked.push({ what, resolve, reject }));
  return { asked, ask };
}

const detailOf = (message, more = {}) => ({ message: { message }, replies: [], now_ms: 0, tag: '', ...more });

async function shown(message) {
  const { asked, ask } = held();
  const page = hooked(useDetail, { detail: ask });
  page.draw(message);
  await settled();
  return { page, asked };
}

test('a message that is asked for is shown, and its error when there is one', async () => {
  const { page, asked } = await shown('a');
  assert.deepEqual([asked.map(({ what }) => what), page.now.isBusy, page.now.detail], [['a'], true, null]);

  asked[0].resolve(detailOf('a'));
  await settled();
  assert.deepEqual([page.now.detail.message.message, page.now.isBusy], ['a', false]);

  void page.now.refresh();
  asked[1].reject(new Error('lost'));
  await settled();
  assert.deepEqual([page.now.detail.message.message, page.now.error.message, page.now.isBusy], ['a', 'lost', false]);
});

for (const [how, end] of Object.entries({ answer: (each) => each.resolve(detailOf('a')), error: (each) => each.reject(new Error('lost')) }))
  test(`a late ${how} about a message that was left is not shown in the place of the next`, async () => {
    const { page, asked } = await shown('a');
    page.draw('b');
    await settled();
    asked[1].resolve(detailOf('b'));
    await settled();

    end(asked[0]);
    await settled();

    assert.deepEqual([page.now.detail.message.message, page.now.error], ['b', null]);
  });

test('an answer about a message that was left does not end the waiting for the next', async () => {
  const { page, asked } = await shown('a');
  page.draw('b');
  await settled();

  asked[0].resolve(detailOf('a'));
  await settled();

  assert.deepEqual([page.now.detail, page.now.isBusy], [null, true]);
});

test('of two answers about one message the one that was asked for last stays', async () => {
  const { page, asked } = await shown('a');
  void page.now.refresh();

  asked[1].resolve(detailOf('a', { tag: 'new' }));
  asked[0].resolve(detailOf('a', { tag: 'old' }));
  await settled();

  assert.equal(page.now.detail.tag, 'new');
});

// --- what is written ---

const POLICY = { defaultMethod: 1, defaultLifetime: 7, language: 'en' };

/** A message that was sent, while "Undo" waits for its answer. */
async function beingTakenBack() {
  const { asked, ask } = held();
  let begun = 0;
  const office = {
    beginMessage: async () => ({ draft: (begun += 1), attachments: [] }),
    send: async ({ draft }) => ({ message: `message ${draft}` }),
    revoke: ask,
  };
  const session = { office, run: (work) => work() };
  const writing = new Writing('user', POLICY);
  writing.begin({ subject: 'First' });
  await writing.send(session);
  const takingBack = writing.takeBack(session);
  return { session, writing, takingBack, asked };
}

test('what is taken back is there to be written again', async () => {
  const { writing, takingBack, asked } = await beingTakenBack();
  assert.deepEqual(asked.map(({ what }) => what), ['message 1']);

  asked[0].resolve();
  await takingBack;

  assert.deepEqual([writing.phase, writing.subject, writing.sent, writing.draft, writing.takenBack], ['writing', 'First', null, null, 'inTime']);
});

test('a message that was begun while another is taken back keeps its draft', async () => {
  const { session, writing, takingBack, asked } = await beingTakenBack();
  writing.begin({ subject: 'Second' });
  await writing.attach(session, []);
  const { draft } = writing;

  asked[0].resolve();
  await takingBack;

  assert.ok(draft);
  assert.deepEqual([writing.phase, writing.subject, writing.draft, writing.takenBack], ['writing', 'Second', draft, 'no']);
});

test('a message that was sent while another is taken back stays sent', async () => {
  const { session, writing, takingBack, asked } = await beingTakenBack();
  writing.begin({ subject: 'Second' });
  await writing.send(session);

  asked[0].resolve();
  await takingBack;

  assert.deepEqual([writing.phase, writing.sent.message], ['sent', 'message 2']);
});
