// What a sender pastes, mistypes and makes up: recipients, domains that look like others, passwords,
// and the list's threads and search.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { load } from './support/load.mjs';

const { parseAddresses, hasEnd, warningOf, makePassword, strengthOf, isPasswordAllowed, threadsOf, wantedOf, WORDS } = await load(
  'web/sender/compose/addresses.ts', 'web/sender/compose/domains.ts', 'web/sender/compose/passwords.ts', 'web/sender/compose/words.ts',
  'web/sender/list/threads.ts');

const addresses = (text) => parseAddresses(text).good.map((each) => (each.name ? `${each.name}=${each.address}` : each.address));

test('addresses come out of every list that mail programs write', () => {
  assert.deepEqual(addresses('a@b.nl, c@d.nl;e@f.nl\ng@h.nl\r\ni@j.nl\tk@l.nl'), ['a@b.nl', 'c@d.nl', 'e@f.nl', 'g@h.nl', 'i@j.nl', 'k@l.nl']);
  assert.deepEqual(addresses('a@b.nl c@d.nl'), ['a@b.nl', 'c@d.nl']);
  assert.deepEqual(addresses('Ann <ann@b.nl>; "Vries, Bob de" <bob@b.nl>'), ['Ann=ann@b.nl', 'Vries, Bob de=bob@b.nl']);
  assert.deepEqual(addresses('<ann@b.nl>, mailto:bob@b.nl, \u200bcees@b.nl\ufeff'), ['ann@b.nl', 'bob@b.nl', 'cees@b.nl']);
  assert.deepEqual(addresses('ann@b.nl, ANN@B.NL'), ['ann@b.nl']);
});

test('what is no address stays as it was written, and harms none of the others', () => {
  const { good, bad } = parseAddresses('ann@b.nl; not one; @b.nl, "open <bob@b.nl>\ncees@b.nl, a@b, <<x@y.nl>');
  assert.deepEqual(good.map((each) => each.address), ['ann@b.nl', 'bob@b.nl', 'cees@b.nl']);
  assert.deepEqual(bad, ['not one', '@b.nl', 'a@b', '<<x@y.nl>']);
});

test('a name that cannot be shown on a line is left out, the address is not', () => {
  assert.deepEqual(addresses('A\u0007nn <ann@b.nl>'), ['ann@b.nl']);
  assert.deepEqual(addresses(`${'n'.repeat(200)} <ann@b.nl>`), ['ann@b.nl']);
});

test('typing becomes a recipient at a separator, and not within a name', () => {
  for (const text of ['ann@b.nl,', 'ann@b.nl; ', 'ann@b.nl, bob']) assert.equal(hasEnd(text), true, text);
  for (const text of ['ann@b.nl', '"Vries, Ann', 'Ann <ann@b.nl>']) assert.equal(hasEnd(text), false, text);
});

const kind = (domain, used = []) => warningOf(`a@${domain}`, used)?.kind ?? null;
const meant = (domain, used = []) => warningOf(`a@${domain}`, used)?.meant ?? null;

test('a domain one slip away from a known one is pointed out', () => {
  for (const slip of ['gmial.com', 'gmai.com', 'gmaill.com', 'gnail.com', 'gmail.co', 'grnail.com']) assert.equal(meant(slip), 'gmail.com', slip);
  assert.equal(meant('hotmial.com'), 'hotmail.com');
  assert.equal(meant('zigg0.nl'), 'ziggo.nl');
  assert.equal(meant('kpnmai1.nl'), 'kpnmail.nl');
});

test('a domain one slip away from one that the sender used is pointed out, a used one never', () => {
  assert.equal(meant('ziekenhuls-west.nl', ['ziekenhuis-west.nl']), 'ziekenhuis-west.nl');
  assert.equal(kind('gmial.com', ['gmial.com']), null);
  assert.equal(kind('ziekenhuis-west.nl', ['ziekenhuis-west.nl']), null);
});

test('other alphabets and endings that do not exist are pointed out', () => {
  assert.equal(kind('xn--ggle-0nda.com'), 'foreign');
  assert.equal(kind('mail.xn--80ak6aa92e.com'), 'foreign');
  assert.equal(meant('praktijk.nk'), 'praktijk.nl');
});

test('ordinary domains give no warning', () => {
  for (const domain of ['gmail.com', 'live.nl', 'amsterdam.nl', 'radboudumc.nl', 'mail.com', 'email.com', 'me.com', 'recipient.example'])
    assert.equal(kind(domain), null, domain);
});

test('made passwords are strong, differ, and have no letters that are mistaken for others', () => {
  for (const language of ['nl', 'en']) {
    const all = new Set(Array.from({ length: 50 }, () => makePassword('words', language)));
    assert.equal(all.size, 50);
    for (const each of all) {
      assert.equal(each.split('-').length, 4);
      assert.match(strengthOf(each), /^(fair|strong)$/, each); // fair: a word drawn twice
      assert.ok(each.split('-').every((word) => WORDS[language].includes(word)));
    }
  }
  for (let i = 0; i < 50; i++) {
    const made = makePassword('characters', 'nl');
    assert.match(made, /^[a-hjkmnp-z2-9]{4}(-[a-hjkmnp-z2-9]{4}){2}$/);
    assert.equal(strengthOf(made), 'strong', made);
  }
});

test('there are enough words that twenty guesses find one in a thousand million or less', () => {
  for (const list of Object.values(WORDS)) {
    assert.equal(new Set(list).size, list.length);
    assert.ok(list.length ** 4 / 20 > 5e8, String(list.length));
    for (const word of list) assert.match(word, /^[a-z]{3,8}$/);
  }
});

test('strength is judged by what a guesser tries', () => {
  assert.equal(strengthOf('abc'), 'tooShort');
  for (const weak of ['aaaaaaaaaaaa', 'welkom01', 'Password1', '12345678', 'jansen1970']) assert.equal(strengthOf(weak, ['Jansen']), 'weak', weak);
  assert.equal(strengthOf('correct-horse-battery-staple'), 'strong');
  assert.equal(isPasswordAllowed('éééé'), true);
  assert.equal(isPasswordAllowed('x'.repeat(257)), false);
});

const message = (id, parent, more = {}) => ({ message: id, parent, direction: 'message', subject: id, status: 'sent', name: '', address: '', ...more });

test('replies and answers stand under the message that they follow, oldest first', () => {
  const rows = [message('answer', 'reply'), message('reply', 'first', { direction: 'reply' }), message('other', ''), message('first', '')];
  const threads = threadsOf(rows).map(({ first, followUps }) => [first.message, ...followUps.map((each) => each.message)]);
  assert.deepEqual(threads, [['first', 'reply', 'answer'], ['other']]);
});

test('a follow-up whose message is not loaded stands by itself, and a loop of parents ends', () => {
  assert.deepEqual(threadsOf([message('reply', 'elsewhere')]).map(({ first }) => first.message), ['reply']);
  assert.ok(threadsOf([message('a', 'b'), message('b', 'a')]).length > 0);
});

test('a thread is found by a word of any of its subjects, without regard to accents and case', () => {
  const threads = threadsOf([message('x', '', { subject: 'Privé: bloeduitslag', status: 'opened' }), message('y', '', { subject: null })]);
  const found = (text, status = '') => wantedOf(threads, { text, status }).map(({ first }) => first.message);
  assert.deepEqual(found('prive BLOED'), ['x']);
  assert.deepEqual(found('bloed', 'revoked'), []);
  assert.deepEqual(found('', 'opened'), ['x']);
  assert.deepEqual(found('  '), ['x', 'y']);
});
