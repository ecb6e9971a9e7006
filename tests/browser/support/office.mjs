// What people of the organisation do in their pages, and what every state of a page must be.

import assert from 'node:assert/strict';

import { NARROW, WIDE, accessibilityFaults, chooseLanguage, openPerson, picture, visit } from './browser.mjs';

// Each language meets each width in pictures, and one width each in axe-core: every pair is covered.
const LOOKS = [
  { language: 'nl', checkedAt: NARROW },
  { language: 'en', checkedAt: WIDE },
];

async function look(page, name, { language, checkedAt }) {
  const faults = [];
  await chooseLanguage(page, language);
  for (const viewport of [NARROW, WIDE]) {
    faults.push(...(await picture(page, `${name}-${language}`, viewport)));
    if (viewport === checkedAt) faults.push(...(await accessibilityFaults(page)));
  }
  return faults;
}

/** Pictures, axe-core and the strict policy, in both languages; the page is left as it was. */
export async function assertClean(person, name) {
  const { page, faults } = person;
  const before = { size: page.viewportSize(), language: await page.evaluate(() => document.documentElement.lang) };
  const found = [];
  for (const each of LOOKS) found.push(...(await look(page, name, each)));
  await page.setViewportSize(before.size);
  await chooseLanguage(page, before.language);
  assert.deepEqual(found, [], name);
  assert.deepEqual(faults, { violations: [], foreign: [], errors: [] }, name);
}

export async function fillSignIn(page, { email, password }) {
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

export const SENDER = { email: 'sender@clinic.example', password: 'password-of-sender' };

/** A sender with his list before him, in English. */
export async function signedIn(browser, world, { at = '/', who = SENDER, ...more } = {}) {
  const person = await openPerson(browser, world, { locale: 'en-GB', ...more });
  person.page.on('dialog', (dialog) => dialog.accept());
  const answer = await visit(person.page, `${world.stack.url}${at}`);
  assert.equal(answer.status(), 200, at);
  await person.page.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor();
  await fillSignIn(person.page, who);
  return person;
}

/** Fills the form of a new message. `check`: the words of a method. */
export async function write(page, { to, subject = 'Your results', body = 'Good news.', check = 'Password', password = 'purple-otter-42', files = [] }) {
  await page.getByLabel('To', { exact: true }).fill(to);
  await page.getByLabel('To', { exact: true }).press('Enter');
  await page.getByLabel('Subject', { exact: true }).fill(subject);
  await page.getByLabel('Message', { exact: true }).fill(body);
  await page.getByRole('radio', { name: check, exact: true }).check();
  if (check.startsWith('Password')) await page.getByLabel('Password for the recipient').fill(password);
  if (files.length) await page.getByLabel('Choose files').setInputFiles(files);
}

export async function sendWritten(page) {
  await page.getByRole('button', { name: 'Check and send' }).click();
  await page.getByRole('heading', { name: 'Is this right?' }).waitFor();
  await page.getByRole('button', { name: 'Send securely' }).click();
  await page.getByRole('heading', { name: 'Sent', exact: true }).waitFor();
}

/** Starts a new message from the list. */
export async function newMessage(page) {
  await page.getByRole('navigation').getByRole('link', { name: 'New message' }).click();
  await page.getByRole('heading', { name: 'New secure message' }).waitFor();
}
