// S7, S11: an open list or message hears of replies and openings by itself; a tab that nobody sees asks
// nothing; "nothing new" is an answer without a body; and when the session has ended it says so and stops.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as act from '../system/support/actions.mjs';
import { until } from '../system/support/world.mjs';
import { assertClean, signedIn } from './support/office.mjs';
import { onStage } from './support/stage.mjs';

const PASSWORD = 'purple-otter-42';
const ONE_PAUSE_MS = 17_000; // of the page: fifteen seconds, and a tenth

let world;
let browser;
let sent;

onStage(async (stage) => {
  ({ world, browser } = stage);
  sent = await act.send(world, { to: 'ann@recipient.example', subject: 'Your results', password: PASSWORD });
  await act.send(world, { to: 'bob@recipient.example', subject: 'Another', password: PASSWORD });
});

const isList = (response) => new URL(response.url()).pathname === '/api/v1/messages';
const listen = (page, fits) => {
  const statuses = [];
  page.on('response', (response) => fits(response) && statuses.push(response.status()));
  return statuses;
};
const open = async (home) => act.open(world, await act.linkOf(world, 'ann@recipient.example'), { password: PASSWORD, home });
const reply = async (body) => act.reply(world, await act.linkOf(world, 'ann@recipient.example'), { password: PASSWORD, body, home: 'ann' });
const seen = (page, isHidden) =>
  page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event('visibilitychange'));
  }, isHidden);

test('the list tells of an opening and a reply without being asked, and asks for little', async () => {
  const person = await signedIn(browser, world);
  const { page } = person;
  await page.getByRole('link', { name: 'Your results' }).waitFor();
  const statuses = listen(page, isList);
  const subjects = listen(page, (response) => response.url().endsWith('/sealed/subjects'));
  await until('a look that finds nothing new', () => statuses.includes(304), 2 * ONE_PAUSE_MS);
  assert.deepEqual(subjects, [], 'what is known is not asked for again, nor logged');

  await open('ann');
  await page.getByText(/^New at .*: opened by 1 recipient\.$/).waitFor({ timeout: 3 * ONE_PAUSE_MS });
  await page.getByText('1 of 1').waitFor();
  await reply('Thank you.');
  await page.getByText(/^New at .*1 reply/).waitFor({ timeout: 3 * ONE_PAUSE_MS });
  await page.getByText('Reply from').waitFor();
  assert.equal(await page.locator('.news').getAttribute('role'), 'status');
  await assertClean(person, 'sender-list-news');
  await person.context.close();
});

test('a message that is open tells of a reply', async () => {
  const person = await signedIn(browser, world, { at: `/message#${sent.message}` });
  const { page } = person;
  await page.getByRole('heading', { name: 'Your results' }).waitFor();
  await reply('And one thing more.');
  await page.getByText(/^New at .*1 reply\.$/).waitFor({ timeout: 3 * ONE_PAUSE_MS });
  assert.equal(await page.getByRole('heading', { name: /^Reply from/ }).count(), 2);
  await assertClean(person, 'sender-message-news');
  await person.context.close();
});

test('a hidden tab asks nothing; seen again it asks at once; without a session it says so and stops', async () => {
  const person = await signedIn(browser, world);
  const { page, context } = person;
  await page.getByRole('link', { name: 'Your results' }).waitFor();
  await seen(page, true);
  const statuses = listen(page, isList);
  await page.waitForTimeout(ONE_PAUSE_MS); // this is what is to be seen: that nothing happens
  assert.deepEqual(statuses, []);
  await seen(page, false);
  await until('a look', () => statuses.length === 1);

  await seen(page, true);
  world.sql('DELETE FROM vault.session');
  await context.clearCookies();
  await page.waitForTimeout(ONE_PAUSE_MS);
  await seen(page, false);
  await page.getByText('this page is not kept up to date any more').waitFor();
  assert.equal(await page.getByRole('dialog').count(), 0, 'nobody is asked for a password out of the blue');
  const before = statuses.length;
  person.faults.errors.splice(0); // the refusal stands in Chromium's console
  await assertClean(person, 'sender-list-stopped');
  assert.equal(statuses.length, before);
  await page.getByRole('button', { name: 'Refresh' }).click();
  await page.getByRole('dialog', { name: 'Sign in once more' }).waitFor();
  await context.close();
});
