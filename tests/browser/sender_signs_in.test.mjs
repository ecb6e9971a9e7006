// A sender signs in, with a second step when it is on; a session that ends keeps what was typed; a
// server that is another one than before is not trusted by habit.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { test } from 'node:test';

import { openPerson, reload, visit } from './support/browser.mjs';
import { SENDER, assertClean, fillSignIn, signedIn, write } from './support/office.mjs';
import { onStage } from './support/stage.mjs';

const HOUR_MS = 3_600_000;

let world;
let browser;

onStage((stage) => ({ world, browser } = stage));

// Refused requests stand in Chromium's console too.
const expected = (person) => person.faults.errors.splice(0);

// RFC 6238 as the user's phone computes it.
function totpOf(secret, atMs) {
  const bits = [...secret].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(atMs / 30_000)));
  const digest = crypto.createHmac('sha1', key).update(counter).digest();
  const offset = digest.at(-1) & 15;
  return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

test('a wrong password is said plainly, and nothing says whether the account exists', async () => {
  const person = await openPerson(browser, world, { locale: 'en-GB' });
  const { page } = person;
  await visit(page, world.stack.url);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await assertClean(person, 'sender-sign-in');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Fill this in.').first().waitFor();

  await fillSignIn(page, { ...SENDER, password: 'not-the-password' });

  await page.getByText('This combination of e-mail address and password is not right.').waitFor();
  expected(person);
  await assertClean(person, 'sender-sign-in-wrong');
  await person.context.close();
});

test('signing out takes everything out of the tab', async () => {
  const person = await signedIn(browser, world, { at: '/compose' });
  const { page } = person;
  await write(page, { to: 'gone@recipient.example', subject: 'Secret subject' });
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('You are signed out.').waitFor();
  const kept = await page.evaluate(() => JSON.stringify({ ...sessionStorage }));
  assert.equal(kept.includes('Secret subject'), false);
  assert.equal(kept.includes('office'), false);
  await assertClean(person, 'sender-signed-out');
  await fillSignIn(page, SENDER);
  await page.getByText('You have not sent anything yet').waitFor();
  await person.context.close();
});

test('a session that ends asks for the password, keeps the draft, and goes on', async () => {
  const person = await signedIn(browser, world, { at: '/compose' });
  const { page } = person;
  await write(page, { to: 'later@recipient.example', subject: 'Half written', body: 'Kept while I was at lunch.' });
  await world.moveClock(13 * HOUR_MS);

  await page.getByLabel('Choose files').setInputFiles([world.file('files/late.txt', 'late')]);

  const dialog = page.getByRole('dialog', { name: 'Sign in once more' });
  await dialog.waitFor();
  expected(person);
  await assertClean(person, 'sender-session-ended');
  await dialog.getByLabel('Password', { exact: true }).fill(SENDER.password);
  await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByText('late.txt').waitFor();
  await page.getByText('Ready').waitFor();
  assert.equal(await page.getByLabel('Subject', { exact: true }).inputValue(), 'Half written');
  assert.equal(await page.getByLabel('Password for the recipient').inputValue(), 'purple-otter-42');
  await person.context.close();
});

test('a server with another identity is not trusted before somebody has called', async () => {
  const person = await signedIn(browser, world);
  const { page } = person;
  await page.getByText('You have not sent anything yet').waitFor();
  // As if the browser had seen another server before.
  await page.evaluate(() => localStorage.setItem('securemail.pin', 'AAAAAAAAAAAAAAAAAAAAAA'));
  await visit(page, world.stack.url);
  await page.getByRole('heading', { name: 'This server is not the one that you know' }).waitFor();
  await page.getByText('Identity that the server shows now').waitFor();
  assert.equal(await page.getByLabel('Password', { exact: true }).count(), 0);
  await assertClean(person, 'sender-identity-changed');

  await page.getByRole('button', { name: 'Trust the new identity' }).click();
  await page.getByText('Go on only when you have checked this by telephone.').waitFor();
  assert.equal(await page.evaluate(() => localStorage.getItem('securemail.pin')), 'AAAAAAAAAAAAAAAAAAAAAA');
  await page.getByLabel('I have called my administrator').check();
  await page.getByRole('button', { name: 'Trust the new identity' }).click();
  await page.getByText('You have not sent anything yet').waitFor();
  await person.context.close();
});

test('a user changes the password', async () => {
  await world.makeUser('changer', 'changer@clinic.example', 'Chris Changer', 'sender');
  const who = { email: 'changer@clinic.example', password: 'password-of-changer' };
  const person = await signedIn(browser, world, { at: '/settings', who });
  const { page } = person;
  const form = page.getByRole('form', { name: 'Password' });
  await form.getByLabel('Password now', { exact: true }).fill('not-mine-at-all');
  await form.getByLabel('New password', { exact: true }).fill('a-much-better-one');
  await form.getByRole('button', { name: 'Change the password' }).click();
  await page.getByText('This is not your password.').waitFor();
  await form.getByLabel('Password now', { exact: true }).fill(who.password);
  await form.getByRole('button', { name: 'Change the password' }).click();
  await page.getByText('Your password is changed.').waitFor();
  expected(person);
  await assertClean(person, 'sender-settings');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await fillSignIn(page, { ...who, password: 'a-much-better-one' });
  await page.getByText('Chris Changer').first().waitFor();
  await person.context.close();
});

test('the second step is set up with a QR code, asked for at sign-in, and passed with a recovery code', async () => {
  await world.makeUser('twice', 'twice@clinic.example', 'Tom Twice', 'sender');
  const who = { email: 'twice@clinic.example', password: 'password-of-twice' };
  const person = await signedIn(browser, world, { at: '/settings', who });
  const { page } = person;
  await page.getByRole('button', { name: 'Set up an authenticator app' }).click();
  await page.getByRole('img', { name: 'QR code with the key' }).waitFor();
  const secret = (await page.locator('.code-text').first().textContent()).replace(/ /g, '');
  await assertClean(person, 'sender-second-step');
  await page.getByLabel('Code of 6 digits').fill(totpOf(secret, Date.now() + world.clockOffsetMs));
  await page.getByRole('button', { name: 'Switch on' }).click();
  await page.getByText('Keep your recovery codes').waitFor();
  const codes = await page.locator('.recovery-codes li').allTextContents();
  assert.equal(codes.length, 10);
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByText('Keep the codes first').waitFor();
  await assertClean(person, 'sender-recovery-codes');
  await page.getByLabel('I have printed or saved the codes').check();
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByText('The second step is on.').waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();

  await fillSignIn(page, who);
  const field = page.getByLabel('Code of your authenticator app');
  await field.waitFor();
  expected(person);
  await assertClean(person, 'sender-sign-in-code');
  await field.fill(codes[3].toLowerCase());
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('You have not sent anything yet').waitFor();
  await person.context.close();
});

test('too many wrong passwords close the sign-in until a time that is told', async () => {
  await world.makeUser('clumsy', 'clumsy@clinic.example', 'Clara Clumsy', 'sender');
  const person = await openPerson(browser, world, { locale: 'en-GB' });
  const { page } = person;
  await visit(page, world.stack.url);
  for (let i = 0; i < 5; i++) {
    await fillSignIn(page, { email: 'clumsy@clinic.example', password: `wrong-password-${i}` });
    await page.getByText(/This combination|Too many attempts/).waitFor();
  }
  await fillSignIn(page, { email: 'clumsy@clinic.example', password: 'password-of-clumsy' });
  await page.getByText(/You can sign in again at \d\d:\d\d\./).waitFor();
  expected(person);
  await assertClean(person, 'sender-sign-in-locked');
  await person.context.close();
});

test('a one-time link sets a password, once', async () => {
  await world.makeUser('lost', 'lost@clinic.example', 'Lou Lost', 'sender');
  const { json } = await world.admin(['user', 'reset', '--org', world.organisation, '--email', 'lost@clinic.example']);
  const person = await openPerson(browser, world, { locale: 'en-GB' });
  const { page } = person;
  await visit(page, json.link);
  await page.getByRole('heading', { name: 'Choose a new password' }).waitFor();
  assert.equal(new URL(page.url()).hash, '');
  await page.getByRole('button', { name: 'Set the password' }).click();
  await page.getByText('A password has 8 to 256 characters.').waitFor();
  await page.getByLabel('New password', { exact: true }).fill('found-again-at-last');
  await assertClean(person, 'sender-reset');
  await page.getByRole('button', { name: 'Set the password' }).click();
  await page.getByText('The password of lost@clinic.example is set.').waitFor();
  await assertClean(person, 'sender-reset-done');
  await page.getByRole('link', { name: 'To the sign-in' }).click();
  await fillSignIn(page, { email: 'lost@clinic.example', password: 'found-again-at-last' });
  await page.getByText('You have not sent anything yet').waitFor();

  await visit(page, json.link);
  await page.getByLabel('New password', { exact: true }).fill('another-one-again');
  await page.getByRole('button', { name: 'Set the password' }).click();
  await page.getByRole('heading', { name: 'This link does not work any more' }).waitFor();
  expected(person);
  await assertClean(person, 'sender-reset-gone');
  await person.context.close();
});

test('a link to set a password survives a reload, and a newer one in the same tab takes its place', async () => {
  const who = { email: 'reloads@clinic.example', password: 'found-again-at-last' };
  await world.makeUser('reloads', who.email, 'Rita Reloads', 'sender');
  const newLink = async () => (await world.admin(['user', 'reset', '--org', world.organisation, '--email', who.email])).json.link;
  const person = await openPerson(browser, world, { locale: 'en-GB' });
  const { page } = person;
  const toChoose = () => page.getByRole('heading', { name: 'Choose a new password' }).waitFor();
  await visit(page, await newLink());
  await toChoose();
  await reload(page);
  await toChoose();

  // Only the newest link is good, and only the fragment differs: the tab itself stays.
  await visit(page, await newLink());
  await page.waitForFunction(() => !location.hash);
  await toChoose();
  await page.getByLabel('New password', { exact: true }).fill(who.password);
  await page.getByRole('button', { name: 'Set the password' }).click();
  await page.getByText(`The password of ${who.email} is set.`).waitFor();

  await reload(page);
  await page.getByRole('heading', { name: 'This link does not work any more' }).waitFor();
  await person.context.close();
});
