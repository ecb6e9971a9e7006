// DESIGN 7: the key that signs the audit log is rotated; audit is killed half-way. Exports verify over the change,
// by both verifiers, against checkpoints kept before and after; and nobody hands a log over but the old key.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { TOP } from '../../dev/stack.mjs';
import * as act from './support/actions.mjs';
import { runProgram, startWorld, until } from './support/world.mjs';

let world;
const kept = [];
const keys = [];
before(async () => {
  world = await startWorld();
  await act.send(world, { to: 'one@recipient.example' });
  await world.admin(['org', 'create', '--name', 'Law Firm East', '--language', 'nl']);
  await keep();
});
after(() => world?.stop());

const publicKey = () => fs.readFileSync(world.stack.path('keys', 'audit-sign.pub'), 'utf8').trim();
const nextFile = () => world.stack.path('keys', 'audit-sign.next');

async function keep() {
  keys.push(publicKey());
  const { json } = await world.run('securemail-admin', ['audit', 'checkpoint', '--json'], { home: 'boss' });
  kept.push(world.file(`kept-${kept.length}.note`, json.note ?? json.checkpoint));
}

// What both verifiers say of a file.
async function verdicts(file, args = []) {
  const c = await world.run('securemail-verify', [file, ...args], { code: null });
  const python = await runProgram('python3', [path.join(TOP, 'tests', 'verifier', 'securemail_verify.py'), file, ...args],
    { cwd: world.folder, env: { PATH: process.env.PATH } });
  assert.equal(c.code === 0, python.code === 0, `${c.stdout}${c.stderr}\n${python.stdout}${python.stderr}`);
  return c;
}

async function rotate(point) {
  await world.stack.stopService('audit');
  fs.writeFileSync(nextFile(), '', { mode: 0o600 });
  await assert.rejects(world.stack.startService('audit', { SM_FAIL_POINT: `audit.succession.${point}` }));
  await world.stack.exitOf('audit');
  assert.ok(fs.existsSync(nextFile()), 'it is not finished');
  await world.stack.startService('audit');
  assert.ok(!fs.existsSync(nextFile()), 'the next key has taken the place of the old one');
}

for (const [round, point] of ['after-statement', 'after-log', 'before-take-over', 'after-statement'].entries())
  test(`the signing key is rotated although audit dies at ${point} (${round + 1})`, async () => {
    const old = publicKey();
    await rotate(point);
    assert.notEqual(publicKey(), old);

    await act.send(world, { to: `round${round}@recipient.example` });
    await keep();
    const file = await act.exportLog(world);
    for (const note of kept) assert.equal((await verdicts(file, ['--checkpoint', note])).code, 0);
    for (const key of keys) assert.equal((await verdicts(file, ['--key', key])).code, 0);
    const entries = fs.readFileSync(file, 'utf8').split('\n').filter((line) => line.includes('signing key: next '));
    assert.equal(entries.length, keys.length - 1, 'each handover is there once');
  });

test('a log that begins afterwards is signed by the new key alone', async () => {
  await world.admin(['org', 'create', '--name', 'Practice South', '--language', 'en']);
  assert.equal(await until('its log', () => world.sql(
    `SELECT count(*) FROM audit.entry WHERE seq = 1 AND position('${publicKey()}'::bytea IN body) > 0`)[0][0] === '1'), true);
});

// Each line as an object, changed, and written again.
async function altered(change) {
  const lines = fs.readFileSync(await act.exportLog(world), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  return world.file('altered.ndjson', `${change(lines).map((line) => JSON.stringify(line)).join('\n')}\n`);
}
const isHandover = (line) => line.entry?.reason?.startsWith('signing key: next ');

test('a handover that the old key did not sign is refused', async () => {
  const without = await altered((lines) => lines.filter((line, at) => !(at > 0 && isHandover(lines[at - 1]))));
  const { stdout, stderr } = await verdicts(without);
  assert.match(stdout + stderr, /old one did not sign/);
});

test('a header with another key, one too few, one too many, or in another order is refused', async () => {
  const changes = [
    (list) => list.slice(0, -1), (list) => list.slice(1), (list) => [...list, list[0]], (list) => [...list].reverse(), () => [],
  ];
  for (const change of changes) {
    const file = await altered(([header, ...rest]) => [{ ...header, keys: change(header.keys) }, ...rest]);
    assert.notEqual((await verdicts(file)).code, 0, String(change));
  }
});

test('a key that the log never had is refused', async () => {
  const file = await act.exportLog(world);
  assert.notEqual((await verdicts(file, ['--key', '7d'.repeat(32)])).code, 0);
});
