// The right to erasure in the log: the operator erases a person's address. It is in no export, page or table
// any more, an entry tells that it was erased, by whom and why, and both verifiers accept the log as before.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import * as act from './support/actions.mjs';
import { startWorld } from './support/world.mjs';

const ADA = 'ada@recipient.example';
const WHO_AND_WHY = ['--by', 'Cor van Dijk, privacy officer', '--reason', 'request 2026-14'];

let world;
let kept; // a checkpoint of before
before(async () => {
  world = await startWorld();
  for (const to of [ADA, 'bo@recipient.example']) {
    await act.send(world, { to });
    await act.open(world, await act.linkOf(world, to), { password: 'correct-horse' });
  }
  kept = world.file('kept.note', (await world.run('securemail-admin', ['audit', 'checkpoint'], { home: 'boss' })).stdout);
});
after(() => world?.stop());

const erase = (args, options) => act.erase(world, [...args, ...WHO_AND_WHY], options);
const named = (address) => world.sql(`SELECT seq FROM audit.disclosure WHERE value = '${address}' ORDER BY seq`).map(([seq]) => Number(seq));
const verify = (file) => {
  const args = [file, '--checkpoint', kept];
  const second = JSON.parse(spawnSync('python3', ['tests/verifier/securemail_verify.py', ...args], { encoding: 'utf8' }).stdout);
  return world.run('securemail-verify', [...args, '--json']).then(({ json }) => {
    for (const each of ['verified', 'anchored', 'disclosed', 'erased', 'told_erased']) assert.equal(json[each], second[each], each);
    return json;
  });
};

test('an address is erased everywhere, and an entry tells which entries, by whom and why', async () => {
  const had = named(ADA);
  assert.ok(had.length > 2, 'the log names her');

  const { json } = await erase(['--person', ADA]);

  const text = fs.readFileSync(await act.exportLog(world), 'utf8');
  const teller = (await act.log(world)).find((entry) => entry.kind === 'personal-erased');
  assert.equal(json.erased, had.length);
  assert.equal(teller.seq, json.entry);
  assert.deepEqual(teller.erased.map((each) => each.seq), had);
  assert.equal(teller.reason, 'request 2026-14');
  assert.match(text, /Cor van Dijk, privacy officer/);
  assert.ok(!text.includes(ADA));
  assert.deepEqual(named(ADA), []);
});

test('both verifiers accept the log, anchored by a checkpoint of before, and count what was erased', async () => {
  const verdict = await verify(await act.exportLog(world));

  assert.ok(verdict.verified && verdict.anchored);
  assert.ok(verdict.erased > 2);
  assert.equal(verdict.erased, verdict.told_erased);
});

test('asked again there is nothing to erase, and nothing is logged', async () => {
  const before = (await act.log(world)).filter((entry) => entry.kind === 'personal-erased').length;
  const { stdout } = await erase(['--person', ADA], { words: true });
  assert.match(stdout, /nothing to erase/);
  assert.equal((await act.log(world)).filter((entry) => entry.kind === 'personal-erased').length, before);
});

test('of one entry everything is erased, and the others keep what they have', async () => {
  const [first, ...others] = named('bo@recipient.example');
  await erase(['--entry', String(first)]);
  assert.deepEqual(named('bo@recipient.example'), others);
});

test('a reason that names the person, and a command that names nothing, are refused', async () => {
  const reason = await act.erase(world, ['--person', 'bo@recipient.example', '--by', 'Cor', '--reason', 'BO@recipient.example asked'], { code: null, words: true });
  assert.match(reason.stderr, /never erased/);
  const nothing = await erase([], { code: null });
  assert.equal(nothing.code, 2);
  assert.ok(named('bo@recipient.example').length > 0);
});

test('whoever has audit\'s role in the database deletes no value by himself', () => {
  const asAudit = (sql) => () => world.sql(`SET ROLE sm_audit; ${sql}`);
  assert.throws(asAudit('DELETE FROM audit.disclosure'), /permission denied/);
  assert.throws(() => world.sql('SET ROLE sm_audit_eraser; DELETE FROM audit.entry'), /permission denied/);
});
