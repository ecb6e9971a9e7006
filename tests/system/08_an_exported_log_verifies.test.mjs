// PRODUCT.md T3, DESIGN 7: the administrator's export verifies offline, and whatever a superuser does
// to the log in SQL, the verifier names the first bad line.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import * as act from './support/actions.mjs';
import { startWorld } from './support/world.mjs';

let world;
before(async () => {
  world = await startWorld();
  for (const name of ['one', 'two', 'three']) {
    await act.send(world, { to: `${name}@recipient.example` });
    await act.open(world, await act.linkOf(world, `${name}@recipient.example`), { password: 'correct-horse' });
  }
});
after(() => world?.stop());

// Both verifiers, this one and the one in Python: they must name the same line.
async function verify(file, args = [], code = null) {
  const found = await world.run('securemail-verify', [file, ...args], { code });
  const second = spawnSync('python3', ['tests/verifier/securemail_verify.py', file, ...args], { encoding: 'utf8' });
  const verdict = JSON.parse(second.stdout);
  assert.equal(second.status, found.code, `${found.stdout}\n${second.stdout}`);
  assert.equal(verdict.line ?? 0, Number(found.stdout.match(/^NOT VERIFIED: line (\d+)/)?.[1] ?? 0), `${found.stdout}\n${second.stdout}`);
  return found;
}

test('an export verifies, and discloses who it was about', async () => {
  const file = await act.exportLog(world);
  await verify(file, [], 0);
  assert.match(fs.readFileSync(file, 'utf8'), /one@recipient\.example/);
});

test('a sender may not read the log; another organisation is not in it', async () => {
  const refused = await world.run('securemail-admin', ['audit', 'list'], { home: 'sender', code: null });
  assert.notEqual(refused.code, 0);

  const org = await world.admin(['org', 'create', '--name', 'Law Firm East', '--language', 'nl']);
  const entries = await act.log(world);
  assert.ok(entries.every((entry) => !JSON.stringify(entry).includes(org.json.organisation)));
});

test('the checkpoint that is mailed when somebody asks anchors the log, as the mail was saved', async () => {
  await world.run('securemail-admin', ['audit', 'checkpoint', '--mail'], { home: 'boss' });
  const mail = await world.mail((each) => each.to === 'boss@clinic.example' && each.subject.includes('heckpoint'));
  const file = await act.exportLog(world);
  const found = await world.run('securemail-verify', [file, '--checkpoint', world.stack.path('mail', mail.file)]);
  assert.match(found.stdout, /^VERIFIED, ANCHORED/);
  assert.equal((await act.log(world)).filter((each) => each.kind === 'checkpoint-mailed').length, 1);
});

// As superuser, in SQL, while audit is down; then audit starts on what it finds. Either audit itself says so
// and serves no such log, or the verifier names the line, or the checkpoint that the auditor kept.
const ROW = 'organisation, seq, event, kind, recorded_ms, message, link, body, hash';
const copyAs = (seq, from) =>
  `INSERT INTO audit.entry (${ROW}) SELECT organisation, ${seq}, decode(md5(random()::text), 'hex'), kind, recorded_ms, message, link, body, hash
   FROM audit.entry WHERE organisation = ORG AND seq = ${from}`;
const shift = (by, from) =>
  `UPDATE audit.entry SET seq = seq + 100000 WHERE organisation = ORG AND seq >= ${from};
   UPDATE audit.entry SET seq = seq - 100000 + ${by} WHERE organisation = ORG AND seq > 100000`;
const LAST = '(SELECT max(seq) FROM audit.entry WHERE organisation = ORG)';
const TAMPERINGS = {
  'an edited entry': `UPDATE audit.entry SET body = overlay(body PLACING '\\x58'::bytea FROM 20 FOR 1) WHERE seq = 4 AND organisation = ORG`,
  'a deleted first entry': `DELETE FROM audit.entry WHERE seq = 1 AND organisation = ORG`,
  'a deleted entry in the middle': `DELETE FROM audit.entry WHERE seq = 5 AND organisation = ORG`,
  'a deleted entry in the middle, the rest moved up': `DELETE FROM audit.entry WHERE seq = 5 AND organisation = ORG; ${shift(-1, 6)}`,
  'a deleted last entry': `DELETE FROM audit.entry WHERE seq = ${LAST} AND organisation = ORG`,
  'an inserted entry': `${shift(1, 6)}; ${copyAs(6, 2)}`,
  'two swapped entries': `UPDATE audit.entry SET seq = seq + 900000 WHERE seq IN (4, 5) AND organisation = ORG;
     UPDATE audit.entry SET seq = CASE seq WHEN 900004 THEN 5 ELSE 4 END WHERE seq IN (900004, 900005) AND organisation = ORG`,
  'a duplicated entry': copyAs(`${LAST} + 1`, 4),
  'a tail that was cut off': `DELETE FROM audit.entry WHERE seq > 6 AND organisation = ORG; DELETE FROM audit.checkpoint WHERE size > 6 AND organisation = ORG`,
  'a changed name': `UPDATE audit.disclosure SET value = 'somebody@else.example' WHERE seq = (SELECT min(seq) FROM audit.disclosure WHERE organisation = ORG) AND organisation = ORG`,
};
const TABLES = ['entry', 'disclosure', 'checkpoint'];

async function keptCheckpoint() {
  const note = (await world.run('securemail-admin', ['audit', 'checkpoint'], { home: 'boss' })).stdout;
  return world.file('kept.note', note);
}

// The operator's way to a damaged log: nobody of the organisation has one.
const evidence = (org, file, options = {}) =>
  world.run(
    'securemail-admin',
    ['audit', 'evidence', '--org', org, '--output', file, '--audit', world.stack.bus('audit'), '--keys', world.stack.path('keys')],
    options,
  );

// What was found, by whom: 'audit' (which then gives the log to the operator) or 'verifier', with the words.
async function discover(kept) {
  const from = world.stack.logSince('audit').length;
  await world.stack.startService('audit').catch(() => {});
  const file = world.path('tampered.ndjson');
  const exported = await world.run('securemail-admin', ['audit', 'export', '--output', file], { home: 'boss', code: null });
  if (exported.code !== 0) {
    const words = world.stack.logSince('audit', from);
    await evidence(world.organisation, file);
    const found = await verify(file, ['--checkpoint', kept]);
    assert.match(found.stdout, /NOT VERIFIED/);
    return { by: 'audit', words };
  }
  const found = await verify(file, ['--checkpoint', kept]);
  return { by: found.code === 1 ? 'verifier' : 'nobody', words: found.stdout };
}

for (const [title, sql] of Object.entries(TAMPERINGS))
  test(`${title} is named`, async (t) => {
    const kept = await keptCheckpoint();
    await world.stack.stopService('audit');
    for (const table of TABLES) world.sql(`CREATE TABLE public.kept_${table} AS SELECT * FROM audit.${table}`);
    try {
      world.sql(sql.replaceAll('ORG', `'\\x${world.organisation}'::bytea`));
      const { by, words } = await discover(kept);
      t.diagnostic(`${by}: ${words.split('\n').filter((line) => by === 'verifier' || line.includes('error')).slice(0, 1)}`);
      assert.notEqual(by, 'nobody', words);
      assert.match(words, by === 'audit' ? /log-damaged/ : /NOT VERIFIED/);
    } finally {
      await world.stack.killService('audit').catch(() => {});
      for (const table of TABLES)
        world.sql(`DELETE FROM audit.${table}; INSERT INTO audit.${table} SELECT * FROM public.kept_${table}; DROP TABLE public.kept_${table}`);
      await world.stack.startService('audit');
    }
  });

test('a damaged log holds up nobody of another organisation, and the operator has it, not unseen', async () => {
  const org = `'\\x${world.organisation}'::bytea`;
  const setLast = (hash) => world.sql(`UPDATE audit.entry SET hash = ${hash} WHERE seq = ${LAST} AND organisation = ORG`.replaceAll('ORG', org));
  await world.stack.stopService('audit');
  world.sql(`CREATE TABLE public.kept_hash AS SELECT hash FROM audit.entry WHERE seq = ${LAST} AND organisation = ORG`.replaceAll('ORG', org));
  try {
    setLast(`sha256('x')`);
    await world.stack.startService('audit');
    const refused = await world.run('securemail-admin', ['audit', 'checkpoint'], { home: 'boss', code: null });
    assert.notEqual(refused.code, 0); // and its event waits
    await world.admin(['org', 'create', '--name', 'Notary North', '--language', 'nl']); // answers when its own is logged
    await evidence(world.organisation, world.path('damaged.ndjson'));
    assert.match((await verify(world.path('damaged.ndjson'))).stdout, /NOT VERIFIED: line/);
  } finally {
    await world.stack.killService('audit').catch(() => {});
    setLast('(SELECT hash FROM public.kept_hash)');
    world.sql('DROP TABLE public.kept_hash');
    await world.stack.startService('audit');
  }

  const file = world.path('operator.ndjson');
  await evidence('operator', file);
  await verify(file, [], 0);
  assert.match(fs.readFileSync(file, 'utf8'), new RegExp(`damaged log ${world.organisation}`));
});

test('the operator gets no log that is whole', async () => {
  const refused = await evidence(world.organisation, world.path('whole.ndjson'), { code: null });
  assert.notEqual(refused.code, 0);
  assert.ok(!fs.existsSync(world.path('whole.ndjson')));
});

test('a history that was chained anew is not signed: the kept checkpoint and the signatures say so', async () => {
  const { createHash } = await import('node:crypto');
  const kept = await keptCheckpoint();
  const lines = fs.readFileSync(await act.exportLog(world), 'utf8').trim().split('\n');
  let previous = '0'.repeat(64);
  const forged = lines.map((line) => {
    const { type, entry, seq } = JSON.parse(line);
    if (type !== 'entry') return line;
    if (seq === 4) entry.kind = 'revoked';
    entry.prev = previous;
    const sorted = JSON.stringify(Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1))));
    previous = createHash('sha256').update('securemail/1 entry\0').update(sorted).digest('hex');
    return `{"entry":${sorted},"hash":"${previous}","seq":${seq},"type":"entry"}`;
  });
  const file = world.file('forged.ndjson', `${forged.join('\n')}\n`);

  for (const args of [[], ['--checkpoint', kept]]) {
    const found = await verify(file, args);
    assert.equal(found.code, 1, found.stdout);
    assert.match(found.stdout, /checkpoint/);
  }
});

test('a file that was cut off is seen, with and without a kept checkpoint', async () => {
  const kept = await keptCheckpoint();
  const file = await act.exportLog(world);
  await verify(file, ['--checkpoint', kept], 0);
  const lines = fs.readFileSync(file, 'utf8').trim().split('\n');
  const cut = world.file('cut.ndjson', `${lines.slice(0, 6).join('\n')}\n`);

  for (const args of [[], ['--checkpoint', kept]]) assert.equal((await verify(cut, args)).code, 1);
});
