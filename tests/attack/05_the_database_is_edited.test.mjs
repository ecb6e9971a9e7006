// SECURITY.md 7, attack 5: somebody who can write to the database makes a check weaker, or puts an old row
// back. What crypto decides by carries its MAC: the edited row is refused and reported, once for each edit.
// (A whole database put back to an earlier day is not seen by this: docs/threat-model.md says so.)

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import * as act from '../system/support/actions.mjs';
import { startWorld } from '../system/support/world.mjs';
import * as attack from './support/attack.mjs';

const { PASSWORD } = attack;

let world;
before(async () => (world = await startWorld()));
after(() => world?.stop());

const rowOf = (address) => `vault.link WHERE address = '${address}'`;
const set = (table, where, column, value) => world.sql(`UPDATE ${table} SET ${column} = ${value} WHERE ${where}`);
const tampered = (result) => assert.match(result.stdout + result.stderr, /tampered|integrity/i);

const EDITS = {
  'another address': ['address', `'attacker@evil.example'`],
  'another method': ['method', '2'],
  'no verifier': ['verifier', 'NULL'],
  'a later expiry': ['expires_ms', 'expires_ms + 86400000'],
  'failures set back': ['total_failures', '0'],
  'the freeze lifted': ['is_frozen', 'NOT is_frozen'],
  'a lock that is over': ['locked_until_ms', 'locked_until_ms + 1'],
  'the next generation of the link': ['generation', 'generation + 1'],
  'a revoke undone': ['state', '3 - state'],
};

let number = 0;
for (const [name, [column, value]] of Object.entries(EDITS))
  test(`a link with ${name} is refused and reported, and put back it opens`, async () => {
    const address = `edited-${(number += 1)}@recipient.example`;
    const { link, message } = await attack.mailed(world, address);
    await act.open(world, link, { password: 'a-wrong-guess', exit: null }); // so that there is something to set back
    world.sql(`CREATE TABLE public.kept AS SELECT * FROM ${rowOf(address)}`);
    try {
      const log = attack.listen(world, 'crypto');
      const [[id]] = world.sql(`SELECT link FROM public.kept`);
      set('vault.link', `link = '${id}'::bytea`, column, value);
      for (let i = 0; i < 2; i++) tampered(await act.open(world, link, { password: PASSWORD, exit: null }));
      await log.logged({ event: 'tampering-detected', what: 'link row' });
      await attack.entry(world, { kind: 'tampering-detected', message });
      assert.equal(await attack.countOf(world, message, 'tampering-detected'), 1, 'once for one edit');
      assert.equal(await attack.countOf(world, message, 'opened'), 0);
      set('vault.link', `link = '${id}'::bytea`, column, `(SELECT ${column} FROM public.kept)`);
      await act.open(world, link, { password: PASSWORD });
    } finally {
      world.sql('DROP TABLE public.kept');
    }
  });

test("one link's verifier in another's row, or its whole row, opens nothing", async () => {
  const known = await attack.mailed(world, 'known@recipient.example', { password: 'known-to-me-x' });
  const target = await attack.mailed(world, 'aim@recipient.example');
  world.sql(`UPDATE vault.link SET verifier = (SELECT verifier FROM vault.link WHERE address = 'known@recipient.example') WHERE address = 'aim@recipient.example'`);
  tampered(await act.open(world, target.link, { password: 'known-to-me-x', exit: null }));
  await attack.entry(world, { kind: 'tampering-detected', message: target.message });
  await act.open(world, known.link, { password: 'known-to-me-x' });
});

test("a message's key in another message's row does not unwrap", async () => {
  const [mine, theirs] = [await attack.mailed(world, 'my@recipient.example'), await attack.mailed(world, 'their@recipient.example')];
  world.sql(`UPDATE vault.message SET wrapped = (SELECT wrapped FROM vault.message WHERE message = '\\x${theirs.message}') WHERE message = '\\x${mine.message}'`);
  tampered(await act.open(world, mine.link, { password: PASSWORD, exit: null }));
  await act.open(world, theirs.link, { password: PASSWORD });
});

for (const [name, column, value, home] of [
  ['more roles', 'roles', '7', 'sender'],
  ["another account's verifier", 'verifier', `(SELECT verifier FROM vault.account WHERE email = 'boss@clinic.example')`, 'sender'],
  ['failures set back', 'failures', 'failures + 1', 'boss'],
])
  test(`an account with ${name} is refused and reported`, async () => {
    const where = `email = '${world.people[home].email}'`;
    world.sql(`CREATE TABLE public.kept AS SELECT * FROM vault.account WHERE ${where}`);
    try {
      const log = attack.listen(world, 'crypto');
      set('vault.account', where, column, value);
      tampered(await world.cli(home, ['login', '--server', world.stack.url, '--email', world.people[home].email, '--password-file', world.people[home].password], { code: null }));
      await log.logged({ event: 'tampering-detected' });
    } finally {
      set('vault.account', where, column, `(SELECT ${column} FROM public.kept)`);
      world.sql('DROP TABLE public.kept');
    }
    await world.login(home);
    await attack.entry(world, { kind: 'tampering-detected', reason: 'account row' });
  });

test('an organisation whose policy or address was edited sends nothing', async () => {
  for (const [column, value] of [['methods', '2'], ['base_url', `'https://evil.example'`], ['from_address', `'attacker@evil.example'`]]) {
    world.sql('CREATE TABLE public.kept AS SELECT * FROM vault.organisation');
    const mails = world.mails.length;
    try {
      world.sql(`UPDATE vault.organisation SET ${column} = ${value}`);
      tampered(await act.send(world, { to: 'nobody@recipient.example', code: null }));
      assert.equal(world.mails.length, mails, column);
    } finally {
      world.sql(`UPDATE vault.organisation SET ${column} = (SELECT ${column} FROM public.kept LIMIT 1)`);
      world.sql('DROP TABLE public.kept');
    }
  }
  await act.send(world, { to: 'somebody@recipient.example' });
  await attack.entry(world, { kind: 'tampering-detected', reason: 'organisation row' });
});

// What a MAC cannot see: an old row is as genuine as it was. The log, which another role writes, still counts.
test('a whole row of yesterday passes its MAC; the log shows the failures that the row forgot', async (t) => {
  const { link, message } = await attack.mailed(world, 'yesterday@recipient.example');
  const where = `address = 'yesterday@recipient.example'`;
  world.sql(`CREATE TABLE public.kept AS SELECT * FROM vault.link WHERE ${where}`);
  for (let i = 0; i < 5; i++) await act.open(world, link, { password: 'a-wrong-guess', exit: null });
  const columns = world.sql(`SELECT column_name FROM information_schema.columns WHERE table_schema = 'vault' AND table_name = 'link'`).map(([name]) => name);
  world.sql(`UPDATE vault.link SET (${columns}) = (SELECT ${columns} FROM public.kept) WHERE ${where}; DROP TABLE public.kept`);
  const { code } = await act.open(world, link, { password: 'a-wrong-guess', exit: null });
  t.diagnostic(`after the row was put back the link is ${code === 4 ? 'locked' : 'open to further guesses'}: docs/threat-model.md says so`);
  const [[failures]] = world.sql(`SELECT total_failures FROM vault.link WHERE ${where}`);
  assert.ok((await attack.countOf(world, message, 'verification-failed')) > Number(failures), 'the log counts what was undone');
});
