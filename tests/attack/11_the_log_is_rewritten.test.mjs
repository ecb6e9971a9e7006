// SECURITY.md 7, attack 11: the whole database of audit is put back to an earlier day and history goes on
// differently: two forks, each chained and signed by the service itself. Whoever kept a checkpoint sees it.
// (Single edits, a cut tail, a history chained anew: tests/system/08.)

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import * as act from '../system/support/actions.mjs';
import { startWorld } from '../system/support/world.mjs';
import * as attack from './support/attack.mjs';

const TABLES = ['entry', 'disclosure', 'checkpoint'];

let world;
before(async () => (world = await startWorld()));
after(() => world?.stop());

const checkpoint = async (name) => world.file(name, (await world.run('securemail-admin', ['audit', 'checkpoint'], { home: 'boss' })).stdout);
const verify = (file, ...kept) => world.run('securemail-verify', [file, ...kept.flatMap((each) => ['--checkpoint', each])], { code: null });

test('a snapshot put back and a second history: both verify by themselves, and no kept checkpoint fits', async () => {
  await attack.mailed(world, 'before@recipient.example');
  const early = await checkpoint('early.note');
  await world.stack.stopService('audit');
  for (const table of TABLES) world.sql(`CREATE TABLE public.kept_${table} AS SELECT * FROM audit.${table}`);
  await world.stack.startService('audit');

  const first = await attack.mailed(world, 'first@recipient.example');
  await act.open(world, first.link, { password: attack.PASSWORD });
  const late = await checkpoint('late.note');
  const firstFork = await act.exportLog(world);
  assert.equal((await verify(firstFork, early, late)).code, 0, 'the control: the history that was');

  await world.stack.stopService('audit');
  for (const table of TABLES) world.sql(`DELETE FROM audit.${table}; INSERT INTO audit.${table} SELECT * FROM public.kept_${table}`);
  await world.stack.startService('audit');
  for (let i = 0; i < 8; i++) await attack.mailed(world, `second-${i}@recipient.example`);
  const secondFork = await act.exportLog(world);

  assert.equal((await verify(secondFork)).code, 0, 'without anything kept, the second history looks whole: this is why one keeps');
  assert.equal((await verify(secondFork, early)).code, 0, 'what was kept before the snapshot fits both');
  const found = await verify(secondFork, late);
  assert.equal(found.code, 1);
  assert.match(found.stdout, /^NOT VERIFIED: .*checkpoint/);

  const forked = await checkpoint('forked.note');
  assert.equal((await verify(firstFork, forked)).code, 1, 'and the other way round: two verifiers, two forks');
});

// What is done to the lines of an export whose fifth is an entry, and the line that must be named (from 1); 0: none,
// as nothing stands where the end should be.
const LINE = 5;
const put = (each, count, ...lines) => [...each.slice(0, LINE - 1), ...lines, ...each.slice(LINE - 1 + count)];
const EXCHANGES = {
  edited: [LINE, (each) => put(each, 1, each[LINE - 1].replace(/"kind":"[a-z-]+"/, '"kind":"revoked"'))],
  removed: [LINE, (each) => put(each, 1)],
  doubled: [LINE + 1, (each) => put(each, 1, each[LINE - 1], each[LINE - 1])],
  swapped: [LINE, (each) => put(each, 2, each[LINE], each[LINE - 1])],
  'without its end': [0, (each) => each.slice(0, -1)],
};

test('an entry exchanged between two exports is named by its line', async () => {
  const lines = fs.readFileSync(await act.exportLog(world), 'utf8').trim().split('\n');
  assert.deepEqual([LINE, LINE + 1].map((line) => JSON.parse(lines[line - 1]).type), ['entry', 'entry'], 'what is exchanged are entries');
  const save = (name, each) => world.file(`${name}.ndjson`, `${each.join('\n')}\n`);
  assert.equal((await verify(save('as it was', lines))).code, 0, 'the control');
  for (const [name, [line, change]] of Object.entries(EXCHANGES)) {
    const found = await verify(save(name, change(lines)));
    assert.equal(found.code, 1, name);
    const named = found.stdout.match(/^NOT VERIFIED: (?:line (\d+): )?\S/);
    assert.ok(named, `${name}: ${found.stdout}`);
    assert.equal(Number(named[1] ?? 0), line, `${name}: ${found.stdout}`);
  }
});
