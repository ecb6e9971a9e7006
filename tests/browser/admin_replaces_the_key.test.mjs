// T1, O2 from the page: an administrator replaces the key of his organisation. A row that another hand holds
// keeps it half-way, so that a reload and the death of crypto can come in between; then it goes on by itself.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';

import * as act from '../system/support/actions.mjs';
import { until } from '../system/support/world.mjs';
import { asAdmin } from './support/admin.mjs';
import { tabToName } from './support/hands.mjs';
import { assertClean } from './support/office.mjs';
import { onStage } from './support/stage.mjs';

const PASSWORD = 'purple-otter-42';

let world;
let browser;
const sent = [];

onStage(async (stage) => {
  ({ world, browser } = stage);
  for (let i = 0; i < 3; i++) sent.push(await act.send(world, { to: `held${i}@recipient.example`, password: PASSWORD, body: `Number ${i}.` }));
});

// Refused requests stand in Chromium's console too.
const expected = (person) => person.faults.errors.splice(0);
const number = (sql) => Number(world.sql(sql)[0][0]);
const versions = () => world.sql('SELECT version FROM vault.organisation_key ORDER BY version').map(([version]) => Number(version));
const button = (page, name) => page.getByRole('button', { name, exact: true });

// Another hand in the database, which holds the row of a message until it lets go.
async function hold(message) {
  const hand = spawn('psql', ['-X', '-q', '-A', '-t', world.stack.cluster.conninfo(null, 'securemail')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => hand.on('exit', resolve));
  const said = new Promise((resolve) => hand.stdout.once('data', resolve));
  hand.stdin.write(`BEGIN; SELECT 1 FROM vault.message WHERE message = '\\x${message}' FOR UPDATE;\n`);
  await said;
  return async () => {
    hand.stdin.end();
    await ended;
  };
}

test('the key is replaced from the page, through a reload and the death of crypto', async () => {
  const [before] = versions();
  const letGo = await hold(sent[0].message);
  const person = await asAdmin(browser, world, 'server');
  const { page } = person;
  await page.getByRole('heading', { name: 'Replace the key of your organisation' }).waitFor();
  await button(page, 'Replace the key').click();
  const dialog = page.getByRole('dialog', { name: 'Replace the key of your organisation?' });
  await dialog.getByText('under the new key (3 at this moment)').waitFor();
  await assertClean(person, 'admin-key-asked');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  assert.deepEqual(versions(), [before], 'no is no');

  await button(page, 'Replace the key').click();
  await dialog.getByRole('button', { name: 'Replace the key' }).click();
  await page.getByText('2 of 3 brought under the new key').waitFor();
  assert.deepEqual(versions(), [before, before + 1]);
  await assertClean(person, 'admin-key-under-way');

  await page.reload();
  await page.getByText('2 of 3 brought under the new key').waitFor();
  assert.deepEqual(versions(), [before, before + 1], 'a reload begins no other');

  await world.stack.killService('crypto');
  await page.getByText('this goes on by itself').waitFor();
  await assertClean({ ...person, faults: { ...person.faults, errors: expected(person).filter((each) => !/Failed to load resource/.test(each)) } }, 'admin-key-waits');
  await letGo();
  await world.stack.startService('crypto');
  await page.getByText(`version ${before + 1} is in use, and the old key is destroyed`).waitFor();
  expected(person);
  await assertClean(person, 'admin-key-done');
  assert.deepEqual(versions(), [before + 1]);
  assert.equal(number(`SELECT count(*) FROM vault.message WHERE wrapped IS NOT NULL AND vault.wrap_version(wrapped) <> ${before + 1}`), 0);
  await page.getByRole('row').filter({ hasText: 'Messages of your organisation' }).getByRole('cell', { name: String(before + 1), exact: true }).waitFor();
  await person.context.close();

  for (const [i] of sent.entries()) {
    const opened = await act.open(world, await act.linkOf(world, `held${i}@recipient.example`), { password: PASSWORD, home: `held${i}` });
    assert.equal(opened.json.body, `Number ${i}.`);
  }
  const entries = (await act.log(world)).filter(({ kind }) => kind === 'key-rotated');
  assert.equal(entries.length, 2, 'once in use, once destroyed');
});

test('a row that another hand changed keeps the old key, and the page says whom to tell', async () => {
  const [before] = versions();
  world.sql(`UPDATE vault.message SET lifetime_ms = lifetime_ms + 1 WHERE message = '\\x${sent[1].message}'`);
  const person = await asAdmin(browser, world, 'server');
  const { page } = person;
  await page.getByRole('heading', { name: 'Server', level: 1 }).waitFor();
  await tabToName(page, 'Replace the key'); // by keyboard alone
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByText('All but 1 is under the new key.').waitFor();
  await assertClean(person, 'admin-key-altered');
  assert.deepEqual(versions(), [before, before + 1]);

  world.sql(`UPDATE vault.message SET lifetime_ms = lifetime_ms - 1 WHERE message = '\\x${sent[1].message}'`);
  await button(page, 'Try again').click();
  await page.getByText('the old key is destroyed').waitFor();
  await until('one version to be left', () => versions().length === 1);
  await person.context.close();
});
