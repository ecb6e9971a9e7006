// A sender writes, checks, sends, and can take it back for some seconds; every step is usable by
// keyboard alone, in both languages and at both widths.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as act from '../system/support/actions.mjs';
import { until } from '../system/support/world.mjs';
import { reload } from './support/browser.mjs';
import { tabToName } from './support/hands.mjs';
import { REFUSED } from './support/recipient.mjs';
import { assertClean, newMessage, sendWritten, signedIn, write } from './support/office.mjs';
import { onStage } from './support/stage.mjs';

let world;
let browser;

onStage((stage) => ({ world, browser } = stage));

const mailsTo = (address) => world.mails.filter((mail) => mail.to === address);

test('an empty list explains what will be there', async () => {
  const person = await signedIn(browser, world);
  await person.page.getByText('You have not sent anything yet').waitFor();
  await assertClean(person, 'sender-list-empty');
  await person.context.close();
});

test('what is missing is said at its field, which gets the focus', async () => {
  const person = await signedIn(browser, world, { at: '/compose' });
  const { page } = person;
  await page.getByRole('heading', { name: 'New secure message' }).waitFor();
  await assertClean(person, 'sender-compose-empty');

  await page.getByRole('button', { name: 'Check and send' }).click();

  await page.getByText('4 things are missing before this can be sent.').waitFor();
  const to = page.getByLabel('To', { exact: true });
  assert.equal(await to.evaluate((field) => field === document.activeElement), true);
  const described = await to.getAttribute('aria-describedby');
  assert.match(await page.locator(`[id="${described.split(' ')[1]}"]`).textContent(), /at least one e-mail address/);
  await assertClean(person, 'sender-compose-faults');
  await person.context.close();
});

test('a pasted list becomes recipients; look-alikes and slips are pointed out', async () => {
  const person = await signedIn(browser, world, { at: '/compose' });
  const { page } = person;
  const to = page.getByLabel('To', { exact: true });
  await to.focus();
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.setData('text', '"Vries, Anna de" <anna@gmial.com>; bob@recipient.example\ncees@xn--ggle-0nda.com, dirk@praktijk.nk\nnot an address');
    document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  });

  await page.getByText('“gmial.com” looks much like “gmail.com”').waitFor();
  await page.getByText('has letters of another alphabet').waitFor();
  await page.getByText('Did you mean “praktijk.nl”').waitFor();
  assert.equal(await to.inputValue(), 'not an address');
  await assertClean(person, 'sender-compose-look-alikes');

  await page.getByRole('button', { name: 'Change into anna@gmail.com' }).click();
  await page.getByText('Vries, Anna de <anna@gmail.com>', { exact: true }).waitFor();
  assert.equal(await page.getByText('“gmial.com” looks').count(), 0);
  await person.context.close();
});

test('files are dropped on the form, and what is not uploaded yet waits for its turn', async () => {
  const person = await signedIn(browser, world, { at: '/compose' });
  const { page } = person;
  const field = page.getByRole('group', { name: 'Attachments' });
  await field.getByText('Keep this tab open until the message is sent: after closing it you start again.').waitFor();
  await field.evaluate((target) => {
    const dataTransfer = new DataTransfer();
    for (const name of ['one.txt', 'two.txt', 'three.txt']) dataTransfer.items.add(new File([name], name, { type: 'text/plain' }));
    for (const type of ['dragover', 'drop']) target.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
  });
  await until('all three are there', async () => (await page.getByText('Ready', { exact: true }).count()) === 3);
  await assertClean(person, 'sender-compose-dropped');
  await person.context.close();
});

test('a link with addresses in its fragment opens the form with them, and nothing else is taken from it', async () => {
  const person = await signedIn(browser, world, { at: '/compose?subject=no#to=ann@recipient.example,bob@recipient.example' });
  const { page } = person;
  await page.getByRole('button', { name: 'Remove bob@recipient.example' }).waitFor();
  assert.equal(await page.getByLabel('Subject', { exact: true }).inputValue(), '');
  assert.equal(new URL(page.url()).hash, '');
  await person.context.close();
});

test('a sender sends by keyboard alone', async () => {
  const person = await signedIn(browser, world);
  const { page } = person;
  await page.getByText('You have not sent anything yet').waitFor();
  await tabToName(page, 'New message');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'New secure message' }).waitFor();
  await tabToName(page, 'To');
  await page.keyboard.type('keys@recipient.example,');
  await tabToName(page, 'Subject');
  await page.keyboard.type('By keyboard');
  await tabToName(page, 'Message');
  await page.keyboard.type('Typed.');
  await tabToName(page, 'Bold');
  await page.keyboard.press('Enter');
  await page.keyboard.type('bold');
  assert.equal(await page.getByLabel('Message', { exact: true }).inputValue(), 'Typed.**bold**');
  await tabToName(page, 'Password');
  await tabToName(page, 'Words');
  await page.keyboard.press('Enter');
  await tabToName(page, 'Check and send');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Is this right?' }).waitFor();
  await tabToName(page, 'Send securely');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Sent', exact: true }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.tagName), 'H1');
  await act.linkOf(world, 'keys@recipient.example');
  assert.deepEqual(person.faults, { violations: [], foreign: [], errors: [] });
  await person.context.close();
});

test('a message for one day is one in the summary and in the list', async () => {
  const person = await signedIn(browser, world);
  const { page } = person;
  const shown = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'Europe/Amsterdam' });
  const tomorrow = () => shown.format(Date.now() + 86_400_000);
  await newMessage(page);
  await write(page, { to: 'today@recipient.example', subject: 'For today' });
  await page.getByRole('radio', { name: '1 day', exact: true }).check();
  await page.getByRole('button', { name: 'Check and send' }).click();
  await page.locator('dd').getByText('1 day', { exact: true }).waitFor();
  const before = tomorrow();
  await page.getByRole('button', { name: 'Send securely' }).click();
  await page.getByRole('heading', { name: 'Sent', exact: true }).waitFor();
  const ends = [before, tomorrow()]; // midnight may have come between

  await page.getByRole('navigation').getByRole('link', { name: 'Messages' }).click();
  const row = page.getByRole('row').filter({ hasText: 'For today' });
  await row.waitFor();

  const titles = await page.getByRole('columnheader').allTextContents();
  const cells = await row.locator('th, td').allTextContents();
  assert.ok(ends.some((date) => cells[titles.indexOf('Ends')].includes(date)), `${titles}: ${cells}`);
  await person.context.close();
});

test('undo sends no mail, kills the link and keeps what was written', async () => {
  const person = await signedIn(browser, world);
  const { page } = person;
  await newMessage(page);
  await write(page, { to: 'undo@recipient.example', subject: 'Too soon', files: [world.file('files/note.txt', 'a note')] });
  await page.getByText('Ready').waitFor();
  await sendWritten(page);

  await page.getByRole('button', { name: 'Undo', exact: true }).click(); // it is there for ten seconds: no pictures before

  await page.getByText('Taken back: no e-mail went out').waitFor();
  assert.equal(await page.getByLabel('Subject', { exact: true }).inputValue(), 'Too soon');
  await page.getByText('note.txt').waitFor();
  await assertClean(person, 'sender-compose-taken-back');
  // The next one goes to the same recipient: had the first one's mail only been late, there were two.
  await sendWritten(page);
  await assertClean(person, 'sender-compose-sent');
  await act.linkOf(world, 'undo@recipient.example');
  assert.equal(mailsTo('undo@recipient.example').length, 1);
  const statuses = (await act.list(world)).filter((each) => each.status === 'revoked');
  assert.equal(statuses.length, 1);
  await person.context.close();
});

test('each recipient can have a check of his own, and the summary says who gets what', async () => {
  const person = await signedIn(browser, world, { at: '/compose' });
  const { page } = person;
  await write(page, { to: 'Ann Long <ann@recipient.example>, bob@recipient.example', subject: 'تقرير المريض 12', password: 'abc' });
  await page.getByText('Too short').waitFor();
  await page.getByLabel('A different check or password for each recipient').check();
  const ann = page.getByRole('group', { name: 'Check for Ann Long' });
  await ann.getByRole('button', { name: 'Characters' }).click();
  const made = await ann.getByLabel('Password for the recipient').inputValue();
  assert.match(made, /^[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}$/);
  await page.getByRole('group', { name: 'Check for bob@recipient.example' }).getByLabel('How', { exact: true }).selectOption({ label: 'Code by e-mail' });
  await assertClean(person, 'sender-compose-own-checks');

  await page.getByRole('button', { name: 'Check and send' }).click();
  await page.getByRole('heading', { name: 'Is this right?' }).waitFor();
  await assertClean(person, 'sender-compose-summary');
  await page.getByRole('button', { name: 'Send securely' }).click();

  await page.getByText('Call Ann Long and tell the password:').waitFor();
  await page.getByRole('button', { name: 'Show the password for Ann Long' }).click();
  await page.getByText(made, { exact: true }).waitFor();
  const link = await act.linkOf(world, 'ann@recipient.example');
  const opened = await act.open(world, link, { password: made });
  assert.equal(opened.json.subject, 'تقرير المريض 12');
  await page.getByText('The 2 e-mails with the links are on their way.').waitFor();
  await assertClean(person, 'sender-compose-what-now');
  await person.context.close();
});

test('the text survives a reload of the tab; passwords do not', async () => {
  const person = await signedIn(browser, world, { at: '/compose' });
  const { page } = person;
  await write(page, { to: 'reload@recipient.example', subject: 'Kept', body: '**Kept** too', files: [world.file('files/lost.txt', 'x')] });
  await page.getByText('Ready').waitFor();
  const asked = page.waitForEvent('dialog'); // accepted by signedIn()

  await reload(page);

  assert.equal((await asked).type(), 'beforeunload');
  await page.getByText('Your text is back.').waitFor();
  await page.getByText('Attach these files again: lost.txt.').waitFor();
  assert.equal(await page.getByLabel('Message', { exact: true }).inputValue(), '**Kept** too');
  assert.equal(await page.getByLabel('Password for the recipient').inputValue(), '');
  const kept = await page.evaluate(() => JSON.stringify({ ...sessionStorage }));
  assert.ok(!kept.includes('purple-otter-42'));
  await page.getByRole('button', { name: 'Preview' }).click();
  await page.locator('.preview strong').getByText('Kept').waitFor();
  await assertClean(person, 'sender-compose-restored');
  await page.getByRole('button', { name: 'Discard' }).click();
  await assertClean(person, 'sender-compose-discard');
  await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click();
  await until('an empty form', async () => (await page.getByLabel('Subject', { exact: true }).inputValue()) === '');
  await person.context.close();
});

test('files given before the server let the message begin wait for it, and it is not sent without them', async () => {
  const person = await signedIn(browser, world, { at: '/compose' });
  const { page } = person;
  const address = '**/api/v1/sealed/compose';
  await page.route(address, (route) => route.abort());
  const files = [world.file('files/early.txt', 'early'), world.file('files/other.txt', 'other'), act.makeFile(world, 'too_large.bin', 50_000_001)];
  await write(page, { to: 'early@recipient.example', subject: 'Early', files });
  await page.getByText('Not uploaded yet').first().waitFor();
  await page.getByRole('alert').filter({ hasText: 'cannot be reached' }).waitFor();
  assert.equal(person.faults.errors.splice(0).every((each) => REFUSED.test(each)), true);
  await assertClean(person, 'sender-compose-not-begun');
  await page.getByRole('button', { name: 'Remove other.txt' }).click();

  await page.getByRole('button', { name: 'Check and send' }).click();
  await page.locator('dd').getByText('early.txt').waitFor();
  await page.unroute(address);
  await page.getByRole('button', { name: 'Send securely' }).click();
  await page.getByText('too_large.bin').first().waitFor();
  await page.getByRole('heading', { name: 'New secure message' }).waitFor();
  await page.getByText('Ready', { exact: true }).waitFor();
  assert.equal(mailsTo('early@recipient.example').length, 0);
  await sendWritten(page);

  const folder = world.path('early');
  const opened = await act.open(world, await act.linkOf(world, 'early@recipient.example'), { password: 'purple-otter-42', saveTo: folder });
  assert.deepEqual(opened.json.attachments.map((each) => each.name), ['early.txt']);
  await person.context.close();
});
