// One entry of the log can be handed to somebody who shall see no other, and whoever kept a checkpoint can be
// shown that the log goes on from there: both as a file that is checked offline, by both verifiers.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import * as act from './support/actions.mjs';
import { startWorld } from './support/world.mjs';

let world;
let kept; // a checkpoint of before
let publicKey;
before(async () => {
  world = await startWorld();
  await act.send(world, { to: 'ada@recipient.example' });
  kept = await checkpoint('kept.note');
  await act.send(world, { to: 'bo@recipient.example' });
  publicKey = fs.readFileSync(world.stack.path('keys', 'audit-sign.pub'), 'utf8').trim();
});
after(() => world?.stop());

const admin = (args, options) => world.run('securemail-admin', ['audit', ...args], { home: 'boss', ...options });
const checkpoint = async (name) => world.file(name, (await admin(['checkpoint'])).stdout);

// Both verifiers over a proof.
async function verify(file, args = [], code = 0) {
  const found = await world.run('securemail-verify', ['--proof', file, ...args, '--json'], { code });
  const second = spawnSync('python3', ['tests/verifier/securemail_verify.py', '--proof', file, ...args], { encoding: 'utf8' });
  assert.equal(second.status, code, second.stdout + second.stderr);
  assert.equal(JSON.parse(second.stdout).verified, found.json.verified);
  return found.json;
}

test('an entry is shown with its proof, and nothing of another', async () => {
  const sent = (await act.log(world)).find((entry) => entry.kind === 'sent');
  const file = world.path('entry.proof');

  const said = await admin(['prove', String(sent.seq), '--output', file]);

  const text = fs.readFileSync(file, 'utf8');
  assert.match(said.stdout, /securemail-verify --proof/);
  assert.match(text, /ada@recipient\.example/);
  assert.ok(!text.includes('bo@recipient.example'));
  assert.equal(JSON.parse(text).seq, sent.seq);
  assert.ok((await verify(file, ['--key', publicKey])).verified);
});

test('it is proven under a checkpoint that was kept, as the one who kept it sees', async () => {
  const file = world.path('anchored.proof');
  await admin(['prove', '2', '--checkpoint', kept, '--output', file]);
  assert.ok((await verify(file, ['--checkpoint', kept])).anchored);

  const size = Number(fs.readFileSync(kept, 'utf8').split('\n')[1]);
  const beyond = await admin(['prove', String(size + 1), '--checkpoint', kept, '--output', file], { code: null });
  assert.notEqual(beyond.code, 0);
});

test('the proof that is made out of an export is the same', async () => {
  const log = await act.exportLog(world);
  const size = JSON.parse(fs.readFileSync(log, 'utf8').trim().split('\n').pop()).count;
  const head = world.file('head.note', JSON.parse(fs.readFileSync(log, 'utf8').trim().split('\n').pop()).note);
  const file = world.path('same.proof');
  await admin(['prove', '3', '--checkpoint', head, '--output', file]);

  const made = await world.run('securemail-verify', [log, '--prove', '3']);

  assert.ok(size > 3);
  assert.equal(fs.readFileSync(file, 'utf8').trim(), made.stdout.trim());
});

test('a kept checkpoint is shown to be continued, and a rewritten log is not', async () => {
  const file = world.path('continued.proof');
  await admin(['consistency', kept, '--output', file]);
  assert.ok((await verify(file, ['--checkpoint', kept])).anchored);
  await verify(file, ['--checkpoint', await checkpoint('later.note')], 1);

  const value = JSON.parse(fs.readFileSync(file, 'utf8'));
  const swapped = { ...value, hashes: value.hashes.slice().reverse() };
  await verify(world.file('swapped.proof', `${JSON.stringify(swapped)}\n`), ['--checkpoint', kept], value.hashes.length > 1 ? 1 : 0);
});

test('a checkpoint of another log, and an entry that is not there, are refused in words', async () => {
  const foreign = world.file('foreign.note', fs.readFileSync(kept, 'utf8').replace(/\n\d+\n/, '\n999999\n'));
  const answer = await admin(['consistency', foreign], { code: null });
  assert.match(answer.stderr, /no such checkpoint/);
  assert.match((await admin(['prove', '999999'], { code: null })).stderr, /no such entry/);
  assert.equal((await admin(['prove', 'three'], { code: null })).code, 2);
});

test('a sender may have nothing proven', async () => {
  const refused = await world.run('securemail-admin', ['audit', 'prove', '1'], { home: 'sender', code: null });
  assert.notEqual(refused.code, 0);
});
