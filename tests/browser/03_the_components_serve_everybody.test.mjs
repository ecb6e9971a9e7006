// The components by keyboard and paste, with axe-core, at both widths, in colours that an
// organisation may have.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { script } from '../web/support/load.mjs';
import { accessibilityFaults, openPerson, screenshots, visit } from './support/browser.mjs';
import { onStage } from './support/stage.mjs';

let world;
let browser;
let gallery;
let page;
let faults;

onStage(async (stage) => {
  ({ world, browser } = stage);
  gallery = await script('gallery', 'tests/web/suite/gallery.tsx');
  ({ page, faults } = await openPerson(browser, world, { permissions: ['clipboard-read', 'clipboard-write'] }));
  await visit(page, `${world.stack.url}/m`);
  await page.evaluate(`${gallery};globalThis.gallery = gallery;gallery.show('')`);
});

const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim() || document.activeElement?.getAttribute('aria-label'));

for (const colour of ['', '#ffe100', '#e5004d', '#101010', '#7fb7ff'])
  test(`nothing is wrong with them in ${colour || 'our own colour'}`, async () => {
    await page.evaluate((value) => globalThis.gallery.show(value), colour);
    assert.deepEqual(await accessibilityFaults(page), []);
    assert.deepEqual(await screenshots(page, `components-${colour.slice(1) || 'own'}`), []);
  });

test('the focus stays in a dialog, Esc closes it, and the focus goes back', async () => {
  await page.getByRole('button', { name: 'Ask' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Delete it?' }).waitFor();
  assert.deepEqual(await accessibilityFaults(page), []);
  await screenshots(page, 'components-dialog');
  const seen = [];
  for (const key of ['Tab', 'Tab', 'Tab', 'Shift+Tab']) {
    await page.keyboard.press(key);
    seen.push(await focused());
  }
  assert.deepEqual(seen, ['Yes', 'No', 'Yes', 'No']);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal(await focused(), 'Ask');
});

test('a code can be pasted with spaces and letters, and typed', async () => {
  const field = page.getByLabel('Code');
  assert.equal(await field.getAttribute('autocomplete'), 'one-time-code');
  await page.evaluate(() => navigator.clipboard.writeText(' 12 34-56 is uw code'));
  await field.focus();
  await page.keyboard.press('Control+V');
  assert.equal(await page.locator('#code').textContent(), '123456');
  await field.fill('');
  await field.pressSequentially('9x8 7654321');
  assert.equal(await page.locator('#code').textContent(), '987654');
  assert.equal(await field.inputValue(), '987654');
});

test('a password can be looked at, and is hidden again', async () => {
  const field = page.getByRole('textbox', { name: 'Password' });
  await page.getByLabel('Password', { exact: true }).fill('correct-horse');
  await page.getByRole('button', { name: 'Toon wachtwoord' }).click();
  assert.equal(await field.inputValue(), 'correct-horse');
  await page.getByRole('button', { name: 'Verberg wachtwoord' }).click();
  assert.equal(await page.getByLabel('Password', { exact: true }).getAttribute('type'), 'password');
});

test('a hint and an error belong to their field', async () => {
  const field = page.getByLabel('Name');
  const described = await field.evaluate((each) => each.getAttribute('aria-describedby').split(' ').map((id) => document.getElementById(id).textContent));
  assert.deepEqual(described, ['A hint.', 'Not right.']);
  assert.equal(await field.getAttribute('aria-invalid'), 'true');
});

test('a chip is removed by its own button', async () => {
  await page.getByRole('button', { name: 'ben@voorbeeld verwijderen' }).click();
  assert.equal(await page.getByRole('list', { name: 'Recipients' }).getByRole('listitem').count(), 2);
});

test('the skip link leads to the content, and the language switch changes every text', async () => {
  const first = page.locator('a, button, input').first();
  assert.equal(await first.textContent(), 'Naar de inhoud');
  await first.focus();
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  await page.getByRole('button', { name: 'English' }).click();
  await page.getByRole('button', { name: 'Show password' }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'en');
});

test('nothing broke the policy, and nobody else was asked', () => {
  assert.deepEqual(faults, { violations: [], foreign: [], errors: [] });
});
