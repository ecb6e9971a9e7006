// The declaration after NTA 7516 is read by everybody: with a keyboard, on a phone, without a script.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { accessibilityFaults, openPerson, screenshots, visit } from './support/browser.mjs';
import { onStage } from './support/stage.mjs';

let world;
let browser;

onStage((stage) => ({ world, browser } = stage));

test('the declaration is read at 320 and at 1280 pixels, in both languages', async () => {
  const { page, faults, context } = await openPerson(browser, world);
  for (const [path, language, heading] of [['/nta7516', 'nl', 'Verklaring naar NTA 7516'], ['/nta7516/en', 'en', 'Declaration after NTA 7516']]) {
    await visit(page, `${world.stack.url}${path}`);
    await page.getByRole('heading', { level: 1, name: heading }).waitFor();
    assert.equal(await page.locator('.criterion').count(), 22);
    assert.deepEqual(await screenshots(page, `declaration-${language}`), []);
    assert.deepEqual(await accessibilityFaults(page), []);
  }
  assert.deepEqual(faults, { violations: [], foreign: [], errors: [] });
  await context.close();
});

test('the other language is one key press away', async () => {
  const { page, context } = await openPerson(browser, world);
  await visit(page, `${world.stack.url}/nta7516`);
  await page.keyboard.press('Tab'); // to the content
  await page.keyboard.press('Tab');
  await Promise.all([page.waitForURL('**/nta7516/en'), page.keyboard.press('Enter')]);
  await page.getByRole('heading', { level: 1, name: 'Declaration after NTA 7516' }).waitFor();
  await context.close();
});
