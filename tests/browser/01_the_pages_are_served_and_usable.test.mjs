// The first page of each kind loads under its strict policy, asks nobody else, has no fault that
// axe-core finds, fits 320 pixels, and keeps the link out of the address bar.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as act from '../system/support/actions.mjs';
import { until } from '../system/support/world.mjs';
import { accessibilityFaults, chooseLanguage, openPerson, reload, screenshots, visit } from './support/browser.mjs';
import { onStage } from './support/stage.mjs';

// SECURITY.md 5, word for word: what is served differs from it only on purpose, here and there.
const POLICY = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' blob: data:", "font-src 'self'", "connect-src 'self'", "frame-src 'none'",
  "object-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
];

let world;
let browser;

onStage((stage) => ({ world, browser } = stage));

async function assertClean(page, faults, name) {
  assert.deepEqual(await screenshots(page, name), []);
  assert.deepEqual(await accessibilityFaults(page), []);
  assert.deepEqual(faults, { violations: [], foreign: [], errors: [] });
}

/** What the page asks of these addresses waits until it is let go. */
async function hold(page, address) {
  let letGo;
  const isLetGo = new Promise((resolve) => (letGo = resolve));
  await page.route(address, async (route) => {
    await isLetGo;
    await route.continue();
  });
  return letGo;
}

test('a link shows who sent the message, and leaves the address bar at once', async () => {
  await act.send(world, { to: 'ann@recipient.example' });
  const link = await act.linkOf(world, 'ann@recipient.example');
  const { page, faults, context } = await openPerson(browser, world);

  await visit(page, link);
  await page.getByText('Dr. Ada Sender').waitFor();

  assert.equal(page.url(), `${world.stack.url}/m`);
  await assertClean(page, faults, 'recipient-hello');
  await reload(page);
  await page.getByText('Dr. Ada Sender').waitFor();
  await context.close();
});

test('the scripts of the first page have less than 100 KB, compressed', async () => {
  const { page, context } = await openPerson(browser, world);
  await visit(page, `${world.stack.url}/m`);
  await page.getByRole('heading', { level: 1 }).waitFor();

  const sizes = await page.evaluate(() => performance.getEntriesByType('resource').filter((each) => each.name.endsWith('.js')).map((each) => each.encodedBodySize));

  console.log(`note: scripts of the first page: ${sizes.reduce((a, b) => a + b, 0)} bytes in ${sizes.length} files`);
  assert.ok(sizes.length > 0 && sizes.every((size) => size > 0));
  assert.ok(sizes.reduce((a, b) => a + b, 0) < 100_000);
  await context.close();
});

test('what a recipient waits for is said, and everybody can read it', async () => {
  await act.send(world, { to: 'waits@recipient.example', password: 'correct-horse' });
  const { page, faults, context } = await openPerson(browser, world);
  const answered = await hold(page, '**/api/v1/sealed/*');

  await visit(page, await act.linkOf(world, 'waits@recipient.example'));
  await chooseLanguage(page, 'nl'); // the message has a language too
  await page.getByRole('status').getByText('Een ogenblik…').waitFor();
  await assertClean(page, faults, 'recipient-loading');
  answered();
  await page.getByLabel('Wachtwoord', { exact: true }).fill('correct-horse');

  const opened = await hold(page, '**/api/v1/sealed/*');
  await page.getByRole('button', { name: 'Bericht openen' }).click();
  await page.locator('button[type=submit][aria-busy=true]').waitFor();
  await assertClean(page, faults, 'recipient-opening');
  opened();
  await page.getByRole('heading', { name: 'Your results' }).waitFor();
  await context.close();
});

test('what a sender waits for is said, and everybody can read it', async () => {
  const { page, faults, context } = await openPerson(browser, world, { locale: 'en-GB' });
  await visit(page, world.stack.url);
  await page.getByLabel('E-mail address').fill('sender@clinic.example');
  await page.getByLabel('Password', { exact: true }).fill('password-of-sender');
  const listed = await hold(page, '**/api/v1/messages?*');

  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Messages' }).waitFor();
  await page.getByRole('status').getByText('One moment…').waitFor();
  await assertClean(page, faults, 'sender-list-loading');
  listed();
  await page.getByText('Your results').first().waitFor();
  await context.close();
});

test('another link in the same tab takes the place of the first', async () => {
  await act.send(world, { to: 'ben@recipient.example', expires: '1d' });
  const { page, context } = await openPerson(browser, world);
  await visit(page, await act.linkOf(world, 'ann@recipient.example'));
  await page.getByText('Dr. Ada Sender').waitFor();
  const before = await page.locator('.card').innerText();

  await page.evaluate((link) => location.assign(link), await act.linkOf(world, 'ben@recipient.example'));
  await page.waitForFunction((text) => document.querySelector('.card') && document.querySelector('.card').innerText !== text, before);

  assert.equal(page.url(), `${world.stack.url}/m`);
  await context.close();
});

test('the policy of each page is what was decided, and no HTML can be made of text', async () => {
  for (const path of ['/', '/m']) {
    const { page, faults, context } = await openPerson(browser, world);
    const answer = await visit(page, world.stack.url + path);

    assert.deepEqual((await answer.headerValue('content-security-policy')).split('; '), POLICY, path);
    assert.equal(await answer.headerValue('cross-origin-resource-policy'), 'same-origin', path);
    assert.equal(await answer.headerValue('cross-origin-opener-policy'), 'same-origin', path);
    const made = await page.evaluate(() => {
      try {
        document.body.innerHTML = '<b>';
        return document.body.innerHTML;
      } catch (error) {
        return error.name;
      }
    });
    assert.equal(made, 'TypeError', path);
    const policy = await page.evaluate(() => {
      try {
        return globalThis.trustedTypes.createPolicy('mine', { createHTML: (text) => text }).name;
      } catch (error) {
        return error.name;
      }
    });
    assert.equal(policy, 'TypeError', path);
    await until('both to be told as violations', () => faults.violations.length >= 2);
    assert.deepEqual(faults.violations.map((each) => each.split(':')[0]).sort(), ['require-trusted-types-for', 'trusted-types'], path);
    await context.close();
  }
});

test('a page without a link says what to do', async () => {
  const { page, faults, context } = await openPerson(browser, world, { locale: 'en-GB' });

  await visit(page, `${world.stack.url}/m`);
  await page.getByRole('heading', { name: 'The link is not complete' }).waitFor();

  await assertClean(page, faults, 'recipient-no-link');
  await context.close();
});

test('the language switch is remembered', async () => {
  const { page, context } = await openPerson(browser, world);
  await visit(page, `${world.stack.url}/m`);

  await page.getByRole('button', { name: 'English' }).click();
  await page.getByRole('heading', { name: 'The link is not complete' }).waitFor();
  await reload(page);
  await page.getByRole('heading', { name: 'The link is not complete' }).waitFor();

  assert.equal(await page.evaluate(() => document.documentElement.lang), 'en');
  await context.close();
});

test('a sender signs in by keyboard alone', async () => {
  const { page, faults, context } = await openPerson(browser, world, { locale: 'en-GB' });
  await visit(page, world.stack.url);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await assertClean(page, faults, 'sender-sign-in');

  await page.getByLabel('E-mail address').focus();
  await page.keyboard.type('sender@clinic.example');
  await page.keyboard.press('Tab');
  await page.keyboard.type('password-of-sender');
  await page.keyboard.press('Enter');

  await page.getByRole('heading', { name: 'Messages' }).waitFor();
  assert.deepEqual(faults.violations, []);
  await context.close();
});

test('without JavaScript the page says so, in both languages', async () => {
  const { page, context } = await openPerson(browser, world, { javaScriptEnabled: false });

  await visit(page, `${world.stack.url}/m`);

  const texts = page.locator('noscript strong'); // getByText looks past noscript
  await texts.first().waitFor();
  assert.deepEqual(await texts.allInnerTexts(), ['JavaScript staat uit in uw browser.', 'JavaScript is switched off in your browser.']);
  await context.close();
});

test('on plain http at another address the page says that it needs https', async () => {
  const { page, context } = await openPerson(browser, world, { locale: 'en-GB' });
  const { port } = new URL(world.stack.url);
  // A name that is not this machine's: Chromium has no WebCrypto there.
  await page.route('http://mail.example.test/**', async (route) => {
    const answer = await fetch(`http://127.0.0.1:${port}${new URL(route.request().url()).pathname}`);
    await route.fulfill({ status: answer.status, headers: Object.fromEntries(answer.headers), body: Buffer.from(await answer.arrayBuffer()) });
  });

  await visit(page, 'http://mail.example.test/m');

  await page.getByRole('heading', { name: 'This page needs a secure connection' }).waitFor();
  await context.close();
});
