// The organisation's look reaches recipients; the policy reaches senders; the server's state is told.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { until } from '../system/support/world.mjs';
import { asAdmin, goTo, png } from './support/admin.mjs';
import { tabToName } from './support/hands.mjs';
import { assertClean, newMessage, signedIn } from './support/office.mjs';
import { Person, mailed } from './support/recipient.mjs';
import { onStage } from './support/stage.mjs';

let world;
let browser;

onStage((stage) => ({ world, browser } = stage));

// Refused requests stand in Chromium's console too.
const expected = (person) => person.faults.errors.splice(0);
const headerOf = (page) => page.locator('.page__header').evaluate((each) => getComputedStyle(each).backgroundColor);
const field = (page, label) => page.getByLabel(label, { exact: true });
const save = (page) => page.getByRole('button', { name: 'Save', exact: true }).click();

async function choose(page, name, buffer) {
  await page.getByLabel('Choose a logo').setInputFiles({ name, mimeType: 'image/png', buffer });
}

test("colour, logo and name are previewed, saved, and reach the recipient's page", async () => {
  const { link } = await mailed(world);
  const person = await asAdmin(browser, world, 'organisation');
  const { page } = person;
  await page.getByRole('heading', { name: 'Organisation', level: 1 }).waitFor();
  await page.getByText('No logo.').waitFor();
  await assertClean(person, 'admin-organisation');

  await field(page, 'Name').fill('Clinic East <b>&');
  await field(page, 'Colour').fill('#7A1F3D');
  await page.getByText(/white text on this colour has a contrast of \d/).waitFor();
  await choose(page, 'logo.png', png(120, 60, [122, 31, 61]));
  await page.getByText('saved when you press Save').waitFor();
  const preview = page.locator('.look__header');
  await preview.locator('img').waitFor();
  assert.equal(await preview.evaluate((each) => getComputedStyle(each).backgroundColor), 'rgb(122, 31, 61)');
  await preview.getByText('Clinic East <b>&').waitFor();
  await field(page, 'Whom to ask').fill('030 123 45 67');
  await assertClean(person, 'admin-organisation-changed');
  await save(page);
  await page.getByText('Saved.').waitFor();
  // These pages follow at once too.
  assert.equal(await headerOf(page), 'rgb(122, 31, 61)');
  await page.locator('.page__header').getByText('Clinic East').waitFor();

  const reader = await Person.at(browser, world, link, { language: 'en' });
  await reader.page.locator('.page__header img').waitFor();
  assert.equal(await headerOf(reader.page), 'rgb(122, 31, 61)');
  await reader.page.locator('.page__header').getByText('Clinic East <b>&').waitFor();
  await reader.looksRight('with-logo');
  await reader.leave();

  await page.getByRole('button', { name: 'Remove the logo' }).click();
  await page.getByText('The logo is removed when you press Save.').waitFor();
  await save(page);
  await page.getByText('No logo.').waitFor();
  const later = await Person.at(browser, world, link, { language: 'en' });
  await later.page.locator('.page__header').getByText('Clinic East').waitFor();
  assert.equal(await later.page.locator('.page__header img').count(), 0);
  await later.leave();
  await person.context.close();
});

test('what cannot be a colour, an address or a logo is said at its field', async () => {
  const person = await asAdmin(browser, world, 'organisation');
  const { page } = person;
  await field(page, 'Colour').fill('#12345');
  await field(page, 'Address of the sender of e-mails').fill('nobody');
  await field(page, 'Name').fill('  ');
  await choose(page, 'logo.png', Buffer.from('<svg onload="alert(1)"/>'));
  await page.getByText('This is not a PNG or JPEG.').waitFor();
  await save(page);
  await page.getByText('A colour is # and six digits').waitFor();
  await page.getByText('This is not an e-mail address.').waitFor();
  await page.getByText('Fill this in.').waitFor();
  await assertClean(person, 'admin-organisation-faults');
  await choose(page, 'logo.png', Buffer.concat([png(10, 10, [0, 0, 0]), Buffer.alloc(33_000)]));
  await page.getByText('This file is larger than 32 KB.').waitFor();
  await choose(page, 'logo.png', png(10, 10, [0, 0, 0]).subarray(0, 40));
  await page.getByText('or is damaged').waitFor();
  await choose(page, 'logo.png', png(2049, 1, [0, 0, 0]));
  await page.getByText('larger than 2048 pixels').waitFor();
  await person.context.close();
});

test('light, middling and dark colours all say how text is read on them', async () => {
  const person = await asAdmin(browser, world, 'organisation');
  const { page } = person;
  for (const [colour, said] of [['#ffffff', 'Readable with dark text'], ['#004000', 'Readable: white text'], ['#808080', 'Shown a little darker']]) {
    await field(page, 'Colour').fill(colour);
    await page.getByText(said).waitFor();
  }
  await page.getByLabel('Pick the colour').fill('#336699');
  assert.equal(await field(page, 'Colour').inputValue(), '#336699');
  await field(page, 'Colour').fill('');
  await person.context.close();
});

test('a policy is shown before it is saved, and senders have no other choice', async () => {
  const person = await asAdmin(browser, world, 'policy');
  const { page } = person;
  await page.getByRole('heading', { name: 'Policy', level: 1 }).waitFor();
  await page.getByText('A message goes to at most 50 recipients.').waitFor();
  await assertClean(person, 'admin-policy');
  const group = (name) => page.getByRole('group', { name });
  const ways = group('How recipients may prove who they are');
  await page.getByRole('button', { name: 'Look at the changes' }).click();
  await page.getByText('Nothing was changed.').waitFor();

  await ways.getByRole('checkbox', { name: 'Password', exact: true }).uncheck();
  await ways.getByRole('checkbox', { name: 'Password and code' }).uncheck();
  await group('Minimum level').getByRole('radio', { name: 'Password', exact: true }).check();
  await page.getByRole('button', { name: 'Look at the changes' }).click();
  await page.getByText('No way is left').waitFor();
  await assertClean(person, 'admin-policy-faults');

  await ways.getByRole('checkbox', { name: 'Password and code' }).check();
  await group('How long recipients may open a message').getByRole('checkbox', { name: '30 days' }).uncheck();
  await field(page, 'How long it can be opened').selectOption('1 day');
  await page.getByRole('button', { name: 'Look at the changes' }).click();
  const dialog = page.getByRole('dialog', { name: 'Change the policy?' });
  await dialog.getByText('“Code by e-mail” may not be chosen any more.').waitFor();
  await dialog.getByText('“Password” may not be chosen any more.').waitFor();
  await dialog.getByText('Minimum level: from “None” to “Password”.').waitFor();
  await dialog.getByText('A message may not be open for 30 days any more.').waitFor();
  await dialog.getByText('to “1 day”.').waitFor();
  await assertClean(person, 'admin-policy-changes');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Look at the changes' }).click();
  await dialog.getByRole('button', { name: 'Change the policy' }).click();
  await page.getByText('Saved.').waitFor();
  await person.context.close();

  const sender = await signedIn(browser, world);
  await newMessage(sender.page);
  const checks = sender.page.getByRole('group', { name: 'How does the recipient prove who they are?' });
  await checks.getByRole('radio', { name: 'Password and code', exact: true }).waitFor();
  assert.equal(await checks.getByRole('radio').count(), 1);
  const times = sender.page.getByRole('group', { name: 'How long can it be opened?' });
  assert.equal(await times.getByRole('radio').count(), 2);
  assert.equal(await times.getByRole('radio', { name: '1 day', exact: true }).isChecked(), true);
  await sender.context.close();
});

test("the server's parts, keys and storage are told, and a part that is down is named", async () => {
  const person = await asAdmin(browser, world, 'server');
  const { page } = person;
  await page.getByRole('heading', { name: 'Keys', exact: true }).waitFor();
  assert.equal(await page.getByText('Works', { exact: true }).count(), 4);
  await page.getByRole('cell', { name: 'Identity of the server' }).waitFor();
  await assertClean(person, 'admin-server');
  await world.stack.stopService('retention');
  await page.getByRole('button', { name: 'Look again' }).click();
  await page.getByText('Does not answer').waitFor();
  assert.equal(await page.getByText('Works', { exact: true }).count(), 3);
  await assertClean(person, 'admin-server-down');
  await world.stack.startService('retention');
  expected(person);
  await person.context.close();
});

test('the look and the policy are set by keyboard alone', async () => {
  const person = await asAdmin(browser, world, 'server');
  const { page } = person;
  await page.getByRole('heading', { name: 'Server', level: 1 }).waitFor();
  await goTo(page, 'Organisation');
  await field(page, 'Name').waitFor();
  await tabToName(page, 'Name of the sender of e-mails');
  await page.keyboard.type('Clinic East post');
  await tabToName(page, 'Save');
  await page.keyboard.press('Enter');
  await page.getByText('Saved.').waitFor();
  await goTo(page, 'Policy');
  await field(page, 'How long it can be opened').waitFor();
  await tabToName(page, '30 days');
  await page.keyboard.press('Space');
  await tabToName(page, 'Look at the changes');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await tabToName(page, 'Change the policy');
  await page.keyboard.press('Enter');
  await page.getByText('Saved.').waitFor();
  await until('the focus is back', () => page.evaluate(() => document.activeElement.textContent === 'Look at the changes'));
  await person.context.close();
});
