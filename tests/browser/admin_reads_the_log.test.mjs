// The log in words, found by filters; checked in the page; exported as the command line exports it.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';

import * as act from '../system/support/actions.mjs';
import { until } from '../system/support/world.mjs';
import { asAdmin } from './support/admin.mjs';
import { tabToName } from './support/hands.mjs';
import { assertClean, signedIn } from './support/office.mjs';
import { PASSWORD, mailed } from './support/recipient.mjs';
import { onStage } from './support/stage.mjs';

let world;
let browser;
let sent;

onStage(async (stage) => {
  ({ world, browser } = stage);
  sent = await mailed(world, { to: 'ann@recipient.example' });
  await act.open(world, sent.link, { password: 'not-the-password', exit: null });
  await act.open(world, sent.link, { password: PASSWORD });
  await mailed(world, { to: 'bob@recipient.example' });
});

const expected = (person) => person.faults.errors.splice(0);
const titles = (page) => page.locator('.log__title').allTextContents();
const find = (page) => page.getByRole('button', { name: 'Find', exact: true }).click();

async function atLog() {
  const person = await asAdmin(browser, world, 'log');
  await person.page.getByText('The log has').waitFor();
  return person;
}

test('what happened stands there in words, newest first, with its details', async () => {
  const person = await atLog();
  const { page } = person;
  const found = await titles(page);
  assert.equal(found[0], 'Somebody got access to the log');
  for (const title of ['A message was sent', 'A message was opened', 'A wrong password or code was tried', 'The mail server accepted an e-mail'])
    assert.ok(found.includes(title), title);
  assert.equal(found.some((title) => title.startsWith('Unknown')), false);
  await page.getByText('ann@recipient.example').first().waitFor();
  await assertClean(person, 'admin-log');
  const opened = page.getByRole('listitem').filter({ hasText: 'A message was opened' });
  await opened.locator('summary').click();
  await opened.getByText(sent.message).first().waitFor();
  await assertClean(person, 'admin-log-details');
  await opened.getByRole('button', { name: 'Everything about this message' }).click();
  await until('only what is about it', async () => !(await titles(page)).includes('A user signed in'));
  assert.equal(await page.getByLabel('Message', { exact: true }).inputValue(), sent.message);
  assert.ok((await titles(page)).includes('A message was sent'));
  await person.context.close();
});

test('entries are found by kind, person, message and day', async () => {
  const person = await atLog();
  const { page } = person;
  await page.getByLabel('What happened').selectOption('A message was sent');
  await find(page);
  await page.getByText('2 shown.').waitFor();
  await page.getByLabel('Person', { exact: true }).fill('ann@recipient.example');
  await find(page);
  await page.getByText('1 shown.').waitFor();
  await page.getByLabel('What happened').selectOption('Everything');
  await find(page);
  await page.locator('.log__title').filter({ hasText: 'A message was opened' }).waitFor();
  assert.equal(await page.getByText('bob@recipient.example').count(), 0);
  await page.getByRole('button', { name: 'Show everything' }).click();
  await page.getByText('bob@recipient.example').first().waitFor();

  const day = (later) => new Date(Date.now() + later * 86_400_000).toISOString().slice(0, 10);
  await page.getByLabel('From', { exact: true }).fill(day(2));
  await find(page);
  await page.getByText('No entry is like that.').waitFor();
  await assertClean(person, 'admin-log-none');
  await page.getByLabel('From', { exact: true }).fill(day(-2));
  await page.getByLabel('Up to and including').fill(day(2));
  await find(page);
  await page.getByText('bob@recipient.example').first().waitFor();

  await page.getByLabel('Up to and including').fill(day(-3));
  await page.getByLabel('Person', { exact: true }).fill('ann');
  await page.getByLabel('Message', { exact: true }).fill('12');
  await find(page);
  await page.getByText('The last day is before the first.').waitFor();
  await page.getByText('This is not an e-mail address.').waitFor();
  await page.getByText('A message number has 32 digits').waitFor();
  await assertClean(person, 'admin-log-filter-faults');
  await person.context.close();
});

test('older entries come page by page to the very first', async () => {
  for (let i = 0; i < 30; i++) await world.login('sender');
  const person = await atLog();
  const { page } = person;
  const older = page.getByRole('button', { name: 'Show older entries' });
  await page.getByText(/^50 shown/).waitFor();
  while (await older.count()) {
    const before = await page.locator('.log__entry').count();
    await older.click();
    await page.waitForFunction((count) => document.querySelectorAll('.log__entry').length > count || !document.querySelector('[aria-busy="true"]'), before);
  }
  const found = await titles(page);
  assert.equal(found.at(-1), 'The log was started');
  await person.context.close();
});

test('reading goes on after the permit for the log has ended', async () => {
  const person = await atLog();
  const { page } = person;
  const before = (await titles(page)).filter((title) => title === 'Somebody got access to the log').length;
  await world.moveClock(20 * 60_000);
  await page.getByRole('button', { name: 'Look for new entries' }).click();
  await page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'));
  await until('the new permit stands in the log', async () =>
    (await titles(page)).filter((title) => title === 'Somebody got access to the log').length > before);
  expected(person);
  await person.context.close();
});

test('the export is the one of the command line, and the verifier accepts it', async () => {
  const person = await atLog();
  const { page } = person;
  const downloads = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export the log' }).click();
  const download = await downloads;
  assert.equal(download.suggestedFilename(), 'audit-log.ndjson');
  const file = world.path('from-page.ndjson');
  await download.saveAs(file);
  await page.getByText('The file is saved, with').waitFor();
  await assertClean(person, 'admin-log-exported');
  const verdict = await world.run('securemail-verify', [file, '--json']);
  assert.equal(verdict.json.verified, true);

  // Between the two exports the log only grows: all entries of the first are in the second, the same.
  const later = world.path('from-cli.ndjson');
  await world.run('securemail-admin', ['audit', 'export', '--output', later], { home: 'boss' });
  const entries = (name) => fs.readFileSync(name, 'utf8').split('\n').filter((line) => line.endsWith('"type":"entry"}'));
  const mine = entries(file);
  assert.ok(mine.length > 50);
  assert.deepEqual(mine, entries(later).slice(0, mine.length));
  await person.context.close();
});

test('the checkpoint is mailed to those who read the log', async () => {
  const person = await atLog();
  const { page } = person;
  await page.getByRole('button', { name: 'Mail it to administrators and auditors' }).click();
  await page.getByText('It is on its way to all administrators and auditors.').waitFor();
  await assertClean(person, 'admin-log-checkpoint-mailed');
  const mail = await world.mail((each) => each.to === 'boss@clinic.example' && each.subject.includes('heckpoint'));
  assert.match(mail.body, /^securemail\/[0-9a-f]{32}\r?$/m);
  await person.context.close();
});

test('the checkpoint is shown, saved, and later proves that the log goes on from it', async () => {
  const person = await atLog();
  const { page } = person;
  await page.getByRole('button', { name: 'Get the checkpoint' }).click();
  const note = await page.getByRole('group', { name: 'Checkpoint' }).textContent();
  assert.match(note, new RegExp(`^securemail/${world.organisation}\n\\d+\n`));
  const downloads = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save as a file' }).click();
  const file = world.path('checkpoint.txt');
  await (await downloads).saveAs(file);
  assert.equal(fs.readFileSync(file, 'utf8'), note);
  await world.login('sender');

  await page.getByRole('button', { name: 'Check now' }).click();
  await page.getByText('Not compared with a checkpoint.').waitFor();
  await page.getByLabel('A checkpoint that you kept').fill('something else');
  await page.getByRole('button', { name: 'Check now' }).click();
  await page.getByText('This is not a checkpoint.').waitFor();
  await page.getByLabel('A checkpoint that you kept').fill(note);
  await page.getByRole('button', { name: 'Check now' }).click();
  await page.getByText('Your checkpoint stands in this log').waitFor();
  await page.getByText(/^All \d+ entries are as they were written/).waitFor();
  await assertClean(person, 'admin-log-checked');

  const other = note.replace(/\n[^\n]{44}\n/, `\n${Buffer.alloc(32, 1).toString('base64')}\n`);
  await page.getByLabel('A checkpoint that you kept').fill(other);
  await page.getByRole('button', { name: 'Check now' }).click();
  await page.getByText('The log is not the one of your checkpoint').waitFor();
  await assertClean(person, 'admin-log-checked-bad');
  await person.context.close();
});

test('an export that is cancelled or cut off saves nothing', async () => {
  const person = await atLog();
  const { page } = person;
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route('**/api/v1/audit/export', async (route) => {
    await held;
    await route.abort().catch(() => {}); // the page has given up on it already
  });
  await page.getByRole('button', { name: 'Export the log' }).click();
  await page.getByText('Fetching the log').waitFor();
  await assertClean(person, 'admin-log-exporting');
  await page.getByRole('region', { name: 'Export' }).getByRole('button', { name: 'Cancel' }).click();
  await page.getByText('Cancelled. Nothing was saved.').waitFor();
  release();
  await page.unroute('**/api/v1/audit/export');
  expected(person);

  await page.route('**/api/v1/audit/export', (route) =>
    route.fulfill({ status: 200, contentType: 'application/x-ndjson', body: '{"first_seq":1,"last_seq":9,"type":"header"}\n' }));
  let isSaved = false;
  page.on('download', () => (isSaved = true));
  await page.getByRole('button', { name: 'Export the log' }).click();
  await page.getByText('The server cannot be reached.').waitFor();
  assert.equal(isSaved, false);
  expected(person);
  await assertClean(person, 'admin-log-export-failed');
  await person.context.close();
});

test('an auditor sees the log and nothing else, and reads it by keyboard alone', async () => {
  await world.makeUser('audit', 'audit@clinic.example', 'Ada Auditor', 'auditor');
  const person = await signedIn(browser, world, { who: { email: 'audit@clinic.example', password: 'password-of-audit' } });
  const { page } = person;
  await page.getByText('The log has').waitFor();
  assert.equal(await page.getByRole('navigation', { name: 'Administration' }).count(), 0);
  assert.deepEqual(await page.getByRole('navigation', { name: 'Main menu' }).getByRole('link').allTextContents(), ['Administration', 'Settings']);
  await tabToName(page, 'Person');
  await page.keyboard.type('ann@recipient.example');
  await page.keyboard.press('Enter');
  await page.locator('.log__title').filter({ hasText: 'A message was opened' }).waitFor();
  await page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'));
  await page.locator('.log summary').first().focus();
  await page.keyboard.press('Enter');
  await page.getByText('As it is stored').first().waitFor();
  await tabToName(page, 'Check now');
  await page.keyboard.press('Enter');
  await page.getByText('Not compared with a checkpoint.').waitFor();
  await assertClean(person, 'admin-log-auditor');
  await person.context.close();
});
