// What a recipient's page knows without drawing it: the conversation, a try whose answer was lost, and
// whom to ask when a link has ended.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { load } from './support/load.mjs';
import { fakeTab } from './support/person.mjs';

fakeTab();
const web = await load('web/recipient/conversation.ts', 'web/recipient/lost.ts', 'web/recipient/contact.ts', 'web/client/failure.ts', 'web/client/kinds.ts');
const { Conversation, LostAnswer, Failure } = web;

beforeEach(() => sessionStorage.removeItem('securemail.contact'));

// --- the conversation ---

const row = (message, created_ms, more = {}) => ({ message, parent: '', direction: 0, created_ms, expires_ms: 9e12, is_this: false, is_open: true, ...more });
const opened = (subject, body) => ({ manifest: { subject, body, attachments: [] } });

function visitWith(rows, contents = {}) {
  const visit = { asked: [], rows, server: { nowMs: () => 50 } };
  visit.thread = async () => visit.rows;
  visit.openOther = async (message) => {
    visit.asked.push(message);
    if (!contents[message]) throw new Failure('gone');
    return contents[message];
  };
  return visit;
}

const nothing = () => {};
const names = (conversation) => conversation.entries.map((each) => each.row.message);

test('a conversation stands in the order of time, and nothing of it is opened by itself', async () => {
  const visit = visitWith([row('answer', 30), row('reply', 20, { direction: 1 }), row('this', 10, { is_this: true })]);
  const conversation = new Conversation(visit, nothing);

  await conversation.load();

  assert.deepEqual(names(conversation), ['this', 'reply', 'answer']);
  assert.deepEqual(conversation.others.map((each) => each.isOwn), [true, false]);
  assert.equal(conversation.hasReplied, true);
  assert.deepEqual(visit.asked, []);
});

test('what was opened stays open when the list is made anew, and is asked for once', async () => {
  const visit = visitWith([row('answer', 30)], { answer: opened('Re: x', 'Hello') });
  const conversation = new Conversation(visit, nothing);
  await conversation.load();

  await Promise.all([conversation.open(conversation.entries[0]), conversation.open(conversation.entries[0])]);
  await conversation.load();
  await conversation.open(conversation.entries[0]);

  assert.equal(conversation.entries[0].told.body, 'Hello');
  assert.deepEqual(visit.asked, ['answer']);
});

test('one that ended meanwhile is told by a new list, and a list that does not come leaves what there is', async () => {
  const visit = visitWith([row('answer', 30)]);
  const conversation = new Conversation(visit, nothing);
  await conversation.load();
  visit.rows = [row('answer', 30, { is_open: false })];

  await conversation.open(conversation.entries[0]);
  assert.equal(conversation.entries[0].row.is_open, false);

  visit.thread = async () => Promise.reject(new Failure('unavailable'));
  await conversation.load();
  assert.equal(conversation.error.word, 'unavailable');
  assert.deepEqual(names(conversation), ['answer']);
});

test('a reply that was just sent is there at once, with the time of the server when that is known', async () => {
  const visit = visitWith([]);
  const conversation = new Conversation(visit, nothing);
  let answer;
  visit.thread = () => new Promise((resolve) => (answer = resolve));

  const done = conversation.sent({ message: 'mine', body: 'Thank you', files: ['a.pdf'] });
  assert.equal(conversation.entries[0].told.body, 'Thank you');
  answer([row('mine', 42, { direction: 1 })]);
  await done;

  assert.equal(conversation.entries[0].row.created_ms, 42);
  assert.deepEqual(conversation.entries[0].told.sentFiles, ['a.pdf']);
  assert.deepEqual(visit.asked, []);
});

test('a list that was overtaken by a newer one is not taken', async () => {
  const visit = visitWith([]);
  const answers = [];
  visit.thread = () => new Promise((resolve) => answers.push(resolve));
  const conversation = new Conversation(visit, nothing);
  const loads = [conversation.load(), conversation.load()];

  answers[1]([row('new', 2)]);
  answers[0]([row('old', 1)]);
  await Promise.all(loads);

  assert.deepEqual(names(conversation), ['new']);
});

// --- an answer that was lost ---

const hello = (attempts_left, more = {}) => ({ attempts_left, is_code_sent: false, is_frozen: false, locked_until_ms: 0, ...more });

/** `now`: what each look finds; null: no answer. */
function lostWith(of, before, ...now) {
  const visit = { hello: before };
  const look = async () => {
    const found = now.length > 1 ? now.shift() : now[0];
    if (found) visit.hello = found;
    return found !== null;
  };
  const lost = new LostAnswer(visit, look, nothing);
  lost.begin(of, new Failure('timeout', { isOffline: true }));
  return lost;
}

test('a lost attempt that did not count may be made again, and one that counted is told first', async () => {
  assert.equal(await lostWith('open', hello(4), hello(4)).mayTry(), true);

  const counted = lostWith('open', hello(4), hello(3));
  assert.equal(await counted.mayTry(), false);
  assert.equal(counted.state.outcome, 'counted');
  assert.equal(await counted.mayTry(), true, 'once somebody has read it');
  assert.equal(counted.state, null);
});

test('while the server cannot be asked, nothing is tried', async () => {
  const lost = lostWith('open', hello(4), null);

  assert.equal(await lost.mayTry(), false);
  assert.equal(await lost.mayTry(), false);
  assert.equal(lost.state.outcome, 'unknown');
});

test('when the first look failed, the next press looks again and goes on', async () => {
  assert.equal(await lostWith('open', hello(4), null, hello(4)).mayTry(), true);
});

test('what is locked or frozen meanwhile is not tried', async () => {
  assert.equal(await lostWith('open', hello(4), hello(4, { locked_until_ms: 5 })).mayTry(), false);
  assert.equal(await lostWith('code', hello(4), hello(4, { is_frozen: true })).mayTry(), false);
});

test('a code that went out unheard is not asked for twice', async () => {
  const lost = lostWith('code', hello(5), hello(5, { is_code_sent: true }));
  assert.equal(await lost.mayTry(), false);
  assert.equal(lost.state.outcome, 'counted');
});

test('only what the network or the gateway says leaves it open whether something counted', () => {
  assert.equal(web.isAnswerLost(new Failure('unavailable', { isOffline: true })), true);
  assert.equal(web.isAnswerLost(new Failure('timeout')), true);
  assert.equal(web.isAnswerLost(new Failure('unavailable', { isSealed: true })), false);
  for (const word of ['busy', 'wrong-secret', 'locked', 'gone', 'not-active']) assert.equal(web.isAnswerLost(new Failure(word)), false, word);
});

// --- whom to ask ---

test('whom to ask is remembered for its own link, until it is forgotten', () => {
  const said = { organisation_name: 'Clinic West', contact: 'Front desk, 020 123 4567' };
  web.keepContact('a', said);
  assert.deepEqual(web.keptContact('a'), { organisation: 'Clinic West', line: said.contact });
  assert.equal(web.keptContact('b'), null);
  web.keepContact('b', { ...said, contact: '' });
  assert.equal(web.keptContact('a'), null);
  assert.equal(web.keptContact('b'), null);
  web.keepContact('a', said);
  web.forgetContact();
  assert.equal(web.keptContact('a'), null);
  sessionStorage.setItem('securemail.contact', '{"link":"a","organisation":1}');
  assert.equal(web.keptContact('a'), null);
});

test('a logo is a PNG or a JPEG by its first bytes, and nothing else', () => {
  const bytes = (...all) => new Uint8Array(all);
  assert.equal(web.logoKind(bytes(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)), 'image/png');
  assert.equal(web.logoKind(bytes(0xff, 0xd8, 0xff, 0xe0)), 'image/jpeg');
  for (const text of ['', 'GIF89a', '<svg xmlns="http://www.w3.org/2000/svg"/>', '%PDF-1.4', 'RIFFxxxxWEBP']) assert.equal(web.logoKind(new TextEncoder().encode(text)), null, text);
});
