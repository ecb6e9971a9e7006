// PRODUCT.md T3, DESIGN 7: the administrator's export verifies offline, and whatever a superuser does
// to the log in SQL, the verifier names the first bad line.

import assert from 'node:assert/strict';
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

const verify = (file, args = [], code = null) => world.run('securemail-verify', [file, ...args], { code });

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

// As superuser, in SQL, on the stored log; each is undone by restoring the table.
const TAMPERINGS = {
  'an edited entry': `UPDATE audit.entry SET entry = overlay(entry PLACING '\\x58'::bytea FROM 20 FOR 1) WHERE ctid = (SELECT ctid FROM audit.entry WHERE seq = 4 AND organisation = ORG)`,
  'a deleted first entry': `DELETE FROM audit.entry WHERE seq = 1 AND organisation = ORG`,
  'a deleted entry in the middle': `DELETE FROM audit.entry WHERE seq = 5 AND organisation = ORG`,
  'two swapped entries': `UPDATE audit.entry SET seq = CASE seq WHEN 4 THEN 900004 ELSE 900005 END WHERE seq IN (4, 5) AND organisation = ORG; UPDATE audit.entry SET seq = CASE seq WHEN 900004 THEN 5 ELSE 4 END WHERE seq IN (900004, 900005) AND organisation = ORG`,
};
for (const [title, sql] of Object.entries(TAMPERINGS))
  test(`${title} is named`, async () => {
    const organisation = `'\\x${world.organisation}'::bytea`;
    world.sql('CREATE TABLE public.kept AS SELECT * FROM audit.entry');
    try {
      world.sql(sql.replaceAll('ORG', organisation));
      const file = world.path(`tampered-${title.replaceAll(' ', '-')}.ndjson`);
      const exported = await world.run('securemail-admin', ['audit', 'export', '--output', file], { home: 'boss', code: null });
      if (exported.code !== 0) return; // the service itself refuses to export a broken log
      const found = await verify(file);
      assert.equal(found.code, 1, found.stdout + found.stderr);
      assert.match(found.stdout + found.stderr, /line \d+/i);
    } finally {
      world.sql('DELETE FROM audit.entry; INSERT INTO audit.entry SELECT * FROM public.kept; DROP TABLE public.kept');
    }
  });

test('a cut-off tail is seen by whoever kept a checkpoint', async () => {
  const note = (await world.run('securemail-admin', ['audit', 'checkpoint'], { home: 'boss' })).stdout;
  const kept = world.file('kept.note', note);
  const file = await act.exportLog(world);
  await verify(file, ['--checkpoint', kept], 0);
  const lines = fs.readFileSync(file, 'utf8').trim().split('\n');
  const cut = world.file('cut.ndjson', `${lines.slice(0, 6).join('\n')}\n`);

  const found = await verify(cut, ['--checkpoint', kept]);
  assert.equal(found.code, 1, found.stdout + found.stderr);
});
