// An administrator invites, changes and disables people; the last administrator stays; nobody else
// sees these pages.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { until } from '../system/support/world.mjs';
import { BOSS, asAdmin, goTo, openUser } from './support/admin.mjs';
import { openPerson, reload, visit } from './support/browser.mjs';
import { tabToName } from './support/hands.mjs';
import { SENDER, assertClean, fillSignIn, newMessage, signedIn } from './support/office.mjs';
import { onStage } from './support/stage.mjs';

let world;
let browser;

onStage((stage) => ({ world, browser } = stage));

// Refused requests stand in Chromium's console too.
const expected = (person) => person.faults.errors.splice(0);

async function setPassword(link, password) {
  const person = await openPerson(browser, world, { locale: 'en-GB' });
  const { page } = person;
  await visit(page, link);
  await page.getByRole('heading', { name: 'Choose a new password' }).waitFor();
  assert.equal(new URL(page.url()).hash, '');
  // The link is out of the address bar, and a reload does not lose it.
  await reload(page);
  await page.getByLabel('New password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Set the password' }).click();
  await page.getByText('Your password is changed.').waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.getItem('securemail.reset')), null);
  await page.getByRole('link', { name: 'To the sign-in' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  return person;
}

test('who has an account is listed, with roles, second step and last sign-in', async () => {
  const person = await asAdmin(browser, world);
  const { page } = person;
  await page.getByRole('heading', { name: 'Users', level: 1 }).waitFor();
  const row = page.getByRole('row').filter({ hasText: SENDER.email });
  await row.getByText('Dr. Ada Sender').waitFor();
  await row.getByText('Sender', { exact: true }).waitFor();
  await row.getByText('Active').waitFor();
  await page.getByRole('row').filter({ hasText: BOSS.email }).getByText('Administrator, Auditor').waitFor();
  await assertClean(person, 'admin-users');
  await person.context.close();
});

test('an invited user sets a password with the link that is shown, and signs in', async () => {
  const person = await asAdmin(browser, world);
  const { page } = person;
  await page.getByRole('link', { name: 'Invite a user' }).click();
  await page.getByRole('heading', { name: 'Invite a user' }).waitFor();
  await page.getByRole('checkbox', { name: 'Sender' }).uncheck();
  await page.getByLabel('E-mail address').fill('not an address');
  await page.getByRole('button', { name: 'Make the account' }).click();
  await page.getByText('This is not an e-mail address.').waitFor();
  await page.getByText('Choose at least one role.').waitFor();
  await assertClean(person, 'admin-invite-faults');

  await page.getByLabel('E-mail address').fill(SENDER.email);
  await page.getByLabel('Name', { exact: true }).fill('Nel Nieuw');
  await page.getByRole('checkbox', { name: 'Sender' }).check();
  await page.getByRole('radio', { name: 'I hand it over myself' }).check();
  await page.getByRole('button', { name: 'Make the account' }).click();
  await page.getByText('This address has an account already.').waitFor();
  expected(person);
  await page.getByLabel('E-mail address').fill('nel@clinic.example');
  await page.getByRole('button', { name: 'Make the account' }).click();
  await page.getByRole('heading', { name: 'The account of' }).waitFor();
  const link = (await page.getByRole('group', { name: 'Link for Nel Nieuw' }).textContent()).trim();
  assert.equal(world.mails.some(({ to }) => to === 'nel@clinic.example'), false);
  await assertClean(person, 'admin-invited-shown');
  await person.context.close();

  const nel = await setPassword(link, 'purple-otter-sings');
  await fillSignIn(nel.page, { email: 'nel@clinic.example', password: 'purple-otter-sings' });
  await nel.page.getByText('You have not sent anything yet').waitFor();
  await nel.context.close();
});

test('a link that is mailed arrives and works once', async () => {
  const person = await asAdmin(browser, world, 'users/invite');
  const { page } = person;
  await page.getByRole('heading', { name: 'Invite a user' }).waitFor();
  await page.getByLabel('E-mail address').fill('mailed@clinic.example');
  await page.getByLabel('Name', { exact: true }).fill('Mia Mailed');
  await page.getByRole('button', { name: 'Make the account' }).click();
  await page.getByText('An e-mail with the link is on its way to').waitFor();
  assert.equal(await page.getByRole('group', { name: /^Link for/ }).count(), 0);
  await assertClean(person, 'admin-invited-mailed');
  const mail = await world.mail(({ to }) => to === 'mailed@clinic.example');
  const { link } = mail;
  const mia = await setPassword(link, 'purple-otter-sings');
  await mia.context.close();
  const again = await openPerson(browser, world, { locale: 'en-GB' });
  await visit(again.page, link);
  await again.page.getByLabel('New password', { exact: true }).fill('another-otter-sings');
  await again.page.getByRole('button', { name: 'Set the password' }).click();
  await again.page.getByRole('heading', { name: 'This link does not work any more' }).waitFor();
  expected(again);
  await assertClean(again, 'admin-reset-gone');
  await again.context.close();
  await person.context.close();
});

test('a disabled user is out at once, and comes back', async () => {
  await world.makeUser('dora', 'dora@clinic.example', 'Dora Disabled', 'sender');
  const who = { email: 'dora@clinic.example', password: 'password-of-dora' };
  const dora = await signedIn(browser, world, { who });
  await dora.page.getByText('You have not sent anything yet').waitFor();
  const person = await asAdmin(browser, world);
  const { page } = person;
  await openUser(page, 'Dora Disabled');
  await assertClean(person, 'admin-user');
  await page.getByRole('button', { name: 'Disable the account' }).click();
  const dialog = page.getByRole('dialog', { name: /^Disable the account of/ });
  await dialog.getByText('All sessions end at once').waitFor();
  await assertClean(person, 'admin-user-disable');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Disable the account' }).click();
  await dialog.getByRole('button', { name: 'Disable the account' }).click();
  await page.getByText('The account is disabled, and its sessions have ended.').waitFor();
  await assertClean(person, 'admin-user-disabled');

  await dora.page.locator('.list__refresh button').click();
  const again = dora.page.getByRole('dialog', { name: 'Sign in once more' });
  await again.getByLabel('Password', { exact: true }).fill(who.password);
  await again.getByRole('button', { name: 'Sign in', exact: true }).click();
  await dora.page.getByText('is not right').waitFor();

  await page.getByRole('button', { name: 'Enable the account' }).click();
  await page.getByText('The account is enabled.').waitFor();
  await again.getByRole('button', { name: 'Sign in', exact: true }).click();
  await again.waitFor({ state: 'detached' });
  await dora.context.close();
  await person.context.close();
});

test('roles are changed, and the pages follow at the next sign-in', async () => {
  await world.makeUser('rob', 'rob@clinic.example', 'Rob Roles', 'sender');
  const who = { email: 'rob@clinic.example', password: 'password-of-rob' };
  const person = await asAdmin(browser, world);
  const { page } = person;
  await openUser(page, 'Rob Roles');
  await page.getByLabel('Name', { exact: true }).fill('Rob Renamed');
  await page.getByRole('checkbox', { name: 'Auditor' }).check();
  await page.getByRole('checkbox', { name: 'Sender' }).uncheck();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').waitFor();
  await page.getByRole('heading', { name: 'Rob Renamed' }).waitFor();
  const rob = await signedIn(browser, world, { who });
  await rob.page.getByRole('heading', { name: 'Log', level: 1 }).waitFor();
  const menu = rob.page.getByRole('navigation', { name: 'Main menu' });
  assert.equal(await menu.getByRole('link', { name: 'New message' }).count(), 0);
  assert.equal(await rob.page.getByRole('navigation', { name: 'Administration' }).count(), 0);
  // Asking for another section by hand gives the log too.
  for (const section of ['users', 'policy', 'organisation', 'server']) {
    await visit(rob.page, `${world.stack.url}/admin#${section}`);
    await rob.page.getByRole('heading', { name: 'Log', level: 1 }).waitFor();
  }
  await rob.context.close();
  await person.context.close();
});

test('the last administrator stays', async () => {
  const person = await asAdmin(browser, world);
  const { page } = person;
  await openUser(page, 'Bo Administrator');
  await page.getByText('This is the only administrator.').first().waitFor();
  assert.equal(await page.getByRole('button', { name: 'Disable the account' }).count(), 0);
  await page.getByRole('checkbox', { name: 'Administrator' }).uncheck();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('This would take away the last administrator.').waitFor();
  await assertClean(person, 'admin-user-last');
  await person.context.close();
});

test('of two administrators who take each other away, one is told why not', async () => {
  await world.makeUser('vice', 'vice@clinic.example', 'Vic Vice', 'admin');
  const vice = await signedIn(browser, world, { at: '/admin#users', who: { email: 'vice@clinic.example', password: 'password-of-vice' } });
  await openUser(vice.page, 'Vic Vice');
  const person = await asAdmin(browser, world);
  const { page } = person;
  // From here on Vic's page believes that Bo is an administrator still.
  await openUser(page, 'Bo Administrator');
  await page.getByText('This is your own account.').waitFor();
  await page.getByRole('checkbox', { name: 'Administrator' }).uncheck();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('dialog', { name: 'Sign in once more' }).waitFor(); // his rights went with his sessions
  await vice.page.getByRole('checkbox', { name: 'Administrator' }).uncheck();
  await vice.page.getByRole('checkbox', { name: 'Auditor' }).check();
  await vice.page.getByRole('button', { name: 'Save' }).click();
  await vice.page.getByRole('alert').getByText('This would take away the last administrator.').waitFor();
  expected(vice);
  await assertClean(vice, 'admin-user-conflict');
  // Vic gives Bo his role back: the other tests need him.
  await openUser(vice.page, 'Bo Administrator');
  await vice.page.getByRole('checkbox', { name: 'Administrator' }).check();
  await vice.page.getByRole('button', { name: 'Save' }).click();
  await vice.page.getByText('Saved.').waitFor();
  await vice.context.close();
  await person.context.close();
});

test('a reset link for somebody who forgot the password', async () => {
  await world.makeUser('fred', 'fred@clinic.example', 'Fred Forgot', 'sender');
  const person = await asAdmin(browser, world);
  const { page } = person;
  await openUser(page, 'Fred Forgot');
  await page.getByRole('radio', { name: 'I hand it over myself' }).check();
  await page.getByRole('button', { name: 'Make a link' }).click();
  const link = (await page.getByRole('group', { name: 'Link for Fred Forgot' }).textContent()).trim();
  await assertClean(person, 'admin-user-reset');
  const fred = await setPassword(link, 'remembered-this-time');
  await fillSignIn(fred.page, { email: 'fred@clinic.example', password: 'remembered-this-time' });
  await fred.page.getByText('You have not sent anything yet').waitFor();
  await fred.context.close();
  await person.context.close();
});

test('an account whose row was edited is shown as closed', async () => {
  await world.makeUser('eve', 'eve@clinic.example', 'Eve Edited', 'sender');
  world.sql("UPDATE vault.account SET roles = 7 WHERE email = 'eve@clinic.example'");
  const person = await asAdmin(browser, world);
  const { page } = person;
  await page.getByRole('row').filter({ hasText: 'eve@clinic.example' }).getByText('Altered').waitFor();
  await openUser(page, 'Eve Edited');
  await page.getByText('Somebody may have tampered').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Save' }).count(), 0);
  await assertClean(person, 'admin-user-altered');
  await person.context.close();
});

test('one of more than a hundred users is found by a part of the name, with all of them looked at when asked', async () => {
  await world.makeUser('zoe', 'zz@clinic.example', 'Zoë van Zuid', 'sender');
  world.sql(`INSERT INTO vault.account SELECT (jsonb_populate_record(a, jsonb_build_object('account', '\\x' || lpad(i::text, 32, '0'), 'email', 'm' || i || '@clinic.example', 'name', 'Many ' || i))).*
    FROM vault.account AS a, generate_series(1, 110) AS i WHERE email = 'zz@clinic.example'`);
  const person = await asAdmin(browser, world);
  const { page } = person;
  await page.getByLabel('Search by name or e-mail address').fill('zuid ZOE');
  await page.getByText('No user fits.').waitFor();
  await page.getByText('0 of the first 100 users.').waitFor();
  await assertClean(person, 'admin-users-none-found');
  await page.getByRole('button', { name: 'Search all users' }).click();
  await page.getByRole('link', { name: 'Zoë van Zuid' }).waitFor();
  await page.getByText(/^1 of all \d+ users\.$/).waitFor();
  await assertClean(person, 'admin-users-found');
  await page.getByLabel('Search by name or e-mail address').fill('');
  await page.getByRole('link', { name: 'Many 77', exact: true }).waitFor();
  world.sql("DELETE FROM vault.account WHERE email LIKE 'm%@clinic.example' AND name LIKE 'Many %'");
  await person.context.close();
});

test('a sender sees none of these pages', async () => {
  const person = await signedIn(browser, world);
  const { page } = person;
  await page.getByText('You have not sent anything yet').waitFor();
  assert.equal(await page.getByRole('link', { name: 'Administration' }).count(), 0);
  const loaded = [];
  page.on('request', (request) => loaded.push(request.url()));
  for (const section of ['', '#users', '#log', '#server']) {
    await visit(page, `${world.stack.url}/admin${section}`);
    await page.getByRole('heading', { name: 'This page does not exist' }).waitFor();
  }
  // Nor what they would ask for: the server refuses the same.
  assert.equal(loaded.some((url) => /sealed\/(users|status|audit_access)/.test(url)), false);
  await newMessage(page);
  await person.context.close();
});

test('an administrator invites by keyboard alone', async () => {
  const person = await asAdmin(browser, world, 'organisation');
  const { page } = person;
  await page.getByRole('heading', { name: 'Organisation', level: 1 }).waitFor();
  await tabToName(page, 'Users');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Users', level: 1 }).waitFor();
  await tabToName(page, 'Invite a user');
  await page.keyboard.press('Enter');
  await until('the heading has the focus', () => page.evaluate(() => document.activeElement.tagName === 'H1'));
  await tabToName(page, 'E-mail address');
  await page.keyboard.type('keys@clinic.example');
  await tabToName(page, 'Name');
  await page.keyboard.type('Kim Keys');
  await tabToName(page, 'Auditor');
  await page.keyboard.press('Space');
  await tabToName(page, 'By e-mail');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'The account of' }).waitFor();
  await tabToName(page, 'Copy');
  await goTo(page, 'Users');
  await page.getByRole('row').filter({ hasText: 'keys@clinic.example' }).getByText('Sender, Auditor').waitFor();
  assert.deepEqual(person.faults, { violations: [], foreign: [], errors: [] });
  await person.context.close();
});
