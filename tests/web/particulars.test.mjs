// What the services note beside an event is said in the reader's language; what is not known stays.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { load } from './support/load.mjs';

const { particularsOf } = await load('web/admin/log/particulars.ts');

test('what services note is said in Dutch and in English', () => {
  const said = [
    ['verified', 'password-and-code', 'wachtwoord en code', 'password and code'],
    ['sign-in-failed', 'wrong password', 'verkeerd wachtwoord', 'wrong password'],
    ['subjects-read', '12 subjects', '12 onderwerpen', '12 subjects'],
    ['subjects-read', '1 subjects', '1 onderwerp', '1 subjects'],
    ['notification-queued', 'notice', 'met de link', 'with the link'],
    ['notification-bounced', 'code: refused at RCPT with 550', 'met een code: geweigerd bij RCPT met 550', 'with a code: refused at RCPT with 550'],
    ['policy-changed', 'methods 7 to 4, preset days 0 to 7', 'manieren 7 → 4, vooraf ingevulde dagen 0 → 7', 'ways 7 → 4, preset days 0 → 7'],
    ['organisation-changed', 'name, logo', 'naam, logo', 'name, logo'],
    ['send-refused', "The organisation's storage is full.", 'De opslag van de organisatie is vol.', 'The organisation’s storage is full.'],
  ];
  for (const [kind, reason, nl, en] of said) {
    assert.equal(particularsOf(kind, reason, 'nl'), nl);
    assert.equal(particularsOf(kind, reason, 'en'), en);
  }
});

test('what is not known, or names a member of every object, is left as it stands', () => {
  for (const reason of ['something new', 'constructor', 'toString', 'policy_set: conflict', '']) {
    assert.equal(particularsOf('policy-changed', reason, 'nl'), null, reason);
    assert.equal(particularsOf('notification-queued', reason, 'nl'), null, reason);
  }
});

test('a code that was proved and an e-mail with a code are two things', () => {
  assert.equal(particularsOf('verified', 'code', 'nl'), 'code per e-mail');
  assert.equal(particularsOf('notification-queued', 'code', 'nl'), 'met een code');
});
