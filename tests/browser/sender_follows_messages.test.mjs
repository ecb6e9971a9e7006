// A sender sees what becomes of a message and can act on it: statuses as they happen, revoke, unlock,
// the e-mail again, delete; replies are read and answered in the same sealed way; attachments survive
// a gateway that dies.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';

import * as act from '../system/support/actions.mjs';
import { until } from '../system/support/world.mjs';
import { reload, visit } from './support/browser.mjs';
import { assertClean, newMessage, sendWritten, signedIn, write } from './support/office.mjs';
import { onStage } from './support/stage.mjs';

const PASSWORD = 'purple-otter-42';
const MINUTES_6 = 6 * 60_000;

let world;
let browser;

onStage((stage) => ({ world, browser } = stage));

const row = (page, subject) => page.getByRole('row').filter({ has: page.getByRole('link', { name: subject, exact: true }) });

// Looks again until it is there: what others do arrives when it arrives.
async function untilRefreshed(page, what, locator) {
  await until(what, async () => {
    if (await locator.count()) return true;
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.waitForTimeout(200);
    return (await locator.count()) > 0;
  });
}

async function toMessage(page, subject) {
  await page.getByRole('navigation').getByRole('link', { name: 'Messages' }).click();
  await page.getByRole('link', { name: subject, exact: true }).click();
  await page.getByRole('heading', { name: subject }).waitFor();
}

const recipient = (page, who) => page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: who, exact: true }) });

test('three attachments go up although the gateway is killed, and arrive whole', async () => {
  const person = await signedIn(browser, world);
  const { page, context } = person;
  const files = [act.makeFile(world, 'empty.txt', 0), act.makeFile(world, 'scan.bin', 1_000_000), act.makeFile(world, 'film.bin', 50_000_000)];
  await newMessage(page);
  await write(page, { to: 'ann@recipient.example', subject: 'Three files', password: PASSWORD });
  // Slow enough to be caught on the way; the time is told, never asserted.
  const network = await context.newCDPSession(page);
  await network.send('Network.enable');
  const slow = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 12_000_000 };
  await network.send('Network.emulateNetworkConditions', slow);
  const start = Date.now();
  await page.getByLabel('Choose files').setInputFiles(files);
  const film = page.getByRole('listitem').filter({ hasText: 'film.bin' });
  await page.waitForFunction(() => [...document.querySelectorAll('progress')].some((bar) => bar.value > 0.2 && bar.value < 0.9));
  await film.getByRole('button', { name: 'Pause film.bin' }).click();
  await film.getByText('Paused').waitFor();
  await assertClean(person, 'sender-uploading');
  await film.getByRole('button', { name: 'Resume film.bin' }).click();
  await world.stack.killService('gateway');
  await film.getByText('The connection was lost. This goes on by itself as soon as it is back.').waitFor();
  person.expected.push('net::ERR_');
  person.faults.errors.length = 0;
  await assertClean(person, 'sender-upload-waits');
  await world.stack.startService('gateway');
  await network.send('Network.emulateNetworkConditions', { ...slow, uploadThroughput: -1 });
  await until('all files are there', async () => (await page.getByText('Ready', { exact: true }).count()) === 3, 120_000);
  person.expected.length = 0;
  person.faults.errors.length = 0; // the connections that broke
  const { metrics } = await network.send('Performance.enable').then(() => network.send('Performance.getMetrics'));
  const heap = metrics.find(({ name }) => name === 'JSHeapUsedSize').value;
  console.log(`note: 51 MB up with a pause and one restart of the gateway: ${Date.now() - start} ms, heap ${Math.round(heap / 1e6)} MB`);

  await sendWritten(page);
  await page.getByText('The e-mail with the link is on its way.').waitFor();

  const folder = world.path('received');
  fs.mkdirSync(folder, { recursive: true });
  await act.open(world, await act.linkOf(world, 'ann@recipient.example'), { password: PASSWORD, saveTo: folder });
  for (const file of files) assert.equal(act.sha256(`${folder}/${file.split('/').at(-1)}`), act.sha256(file));
  await person.context.close();
});

test('a removed attachment leaves a gap that closes, and a file that is too large is refused in words', async () => {
  const person = await signedIn(browser, world, { at: '/compose' });
  const { page } = person;
  const files = ['one.txt', 'two.txt'].map((name) => world.file(`files/${name}`, name));
  await write(page, { to: 'gap@recipient.example', subject: 'A gap', password: PASSWORD, files });
  await until('both are there', async () => (await page.getByText('Ready', { exact: true }).count()) === 2);
  await page.getByRole('button', { name: 'Remove one.txt' }).click();
  await page.getByLabel('Choose files').setInputFiles([act.makeFile(world, 'large.bin', 50_000_001)]);
  await page.getByText('“large.bin” is larger than 50 MB.').waitFor();
  await sendWritten(page);
  const opened = await act.open(world, await act.linkOf(world, 'gap@recipient.example'), { password: PASSWORD });
  assert.deepEqual(opened.json.attachments.map((each) => each.name), ['two.txt']);
  await person.context.close();
});

test('the list tells the status in words as it changes, and how many opened it', async () => {
  const { message } = await act.send(world, { to: ['bea@recipient.example', 'carl@recipient.example'], subject: 'Blood test', password: PASSWORD, attach: [world.file('files/values.txt', 'all good')] });
  assert.ok(message);
  const person = await signedIn(browser, world);
  const { page } = person;
  const line = row(page, 'Blood test');
  await untilRefreshed(page, 'delivered', line.getByText('Delivered', { exact: true }));
  await line.getByText('0 of 2').waitFor();

  await act.open(world, await act.linkOf(world, 'bea@recipient.example'), { password: PASSWORD });
  await untilRefreshed(page, 'opened', line.getByText('1 of 2'));
  await line.getByText('Opened', { exact: true }).waitFor();
  await act.reply(world, await act.linkOf(world, 'bea@recipient.example'), { password: PASSWORD, body: 'Many thanks.', attach: [world.file('files/form.txt', 'filled in')] });
  await untilRefreshed(page, 'replied', line.getByText('Replied', { exact: true }));
  await line.getByRole('link', { name: 'Reply from' }).waitFor();
  await assertClean(person, 'sender-list');
  await person.context.close();
});

test('the list is searched and filtered in the page', async () => {
  const person = await signedIn(browser, world);
  const { page } = person;
  await page.getByLabel('Search in the subjects').fill('blood TEST');
  await page.getByText(/^1 of all \d+ messages\.$/).waitFor();
  assert.equal(await page.getByRole('link', { name: 'Three files', exact: true }).count(), 0);
  await page.getByLabel('Search in the subjects').fill('zzz');
  await page.getByText('None of these messages fits.').waitFor();
  await assertClean(person, 'sender-list-nothing-found');
  await page.getByLabel('Search in the subjects').fill('');
  await page.getByLabel('Status', { exact: true }).selectOption({ label: 'Replied' });
  await page.getByText(/^1 of all \d+ messages\.$/).waitFor();
  await row(page, 'Blood test').waitFor();
  await person.context.close();
});

test('a reply is read with its attachment, and answered', async () => {
  const person = await signedIn(browser, world);
  const { page } = person;
  await toMessage(page, 'Blood test');
  await page.getByRole('button', { name: 'Read the reply' }).click();
  await page.getByText('Many thanks.').waitFor();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download form.txt' }).click()]);
  assert.equal(fs.readFileSync(await download.path(), 'utf8'), 'filled in');
  assert.equal(download.suggestedFilename(), 'form.txt');
  await page.getByRole('button', { name: 'Read what you sent' }).click();
  await page.getByText('Good news.').waitFor();
  const trail = await recipient(page, 'bea@recipient.example').locator('.trail').innerText();
  assert.match(trail, /: sent\n.*: e-mail with the link delivered\n.*: page of the link shown\n.*: opened\n.*: attachment released for download\n.*: replied$/);
  assert.doesNotMatch(await recipient(page, 'carl@recipient.example').locator('.trail').innerText(), /page of the link shown|released/);
  await assertClean(person, 'sender-message');

  await page.getByRole('button', { name: 'Answer' }).click();
  await page.getByRole('heading', { name: 'Answer' }).waitFor();
  await page.getByRole('button', { name: 'Remove bea@recipient.example' }).waitFor();
  await page.getByLabel('Message', { exact: true }).fill('See you on Monday.');
  await page.getByLabel('Password for the recipient').fill('another-secret-7');
  await sendWritten(page);
  const link = await world.mail((mail) => mail.to === 'bea@recipient.example' && mail.link && mail.link !== world.mails.find((each) => each.to === 'bea@recipient.example' && each.link).link).then((mail) => mail.link);
  const opened = await act.open(world, link, { password: 'another-secret-7' });
  assert.equal(opened.json.body, 'See you on Monday.');
  await page.getByRole('link', { name: 'Follow this message' }).click();
  await page.getByRole('link', { name: 'The message that this belongs to' }).waitFor();
  await page.getByRole('navigation').getByRole('link', { name: 'Messages' }).click();
  await row(page, 'Blood test').getByRole('link', { name: 'Your answer' }).waitFor();
  await person.context.close();
});

test('a locked recipient is unlocked, and gets the e-mail again', async () => {
  await act.send(world, { to: 'dora@recipient.example', subject: 'Locked out', password: PASSWORD });
  const link = await act.linkOf(world, 'dora@recipient.example');
  for (let i = 0; i < 5; i++) await act.open(world, link, { password: 'wrong-password', exit: null });
  const person = await signedIn(browser, world);
  const { page } = person;
  await toMessage(page, 'Locked out');
  const dora = recipient(page, 'dora@recipient.example');
  await untilRefreshed(page, 'locked', dora.getByText('locked after 5 wrong attempts'));
  await dora.getByText('page of the link shown, to a person or a mail scanner').waitFor();
  await assertClean(person, 'sender-message-locked');
  await dora.getByRole('button', { name: 'Unlock for dora@recipient.example' }).click();
  await page.getByText('Unlocked. dora@recipient.example can try again at once.').waitFor();
  await act.open(world, link, { password: PASSWORD });

  await dora.getByRole('button', { name: 'Send the e-mail again to dora@recipient.example' }).click();
  await page.getByText('It went out a short while ago').waitFor();
  person.faults.errors.length = 0;
  await assertClean(person, 'sender-message-resend-later');
  await world.moveClock(MINUTES_6);
  await dora.getByRole('button', { name: 'Send the e-mail again to dora@recipient.example' }).click();
  await page.getByText('goes out again, with the same link.').waitFor();
  await until('the same link once more', () => world.mails.filter((mail) => mail.to === 'dora@recipient.example' && mail.link === link).length === 2);
  await person.context.close();
});

test('revoke stops one recipient and not the other; then all', async () => {
  const people = ['eva@recipient.example', 'finn@recipient.example'];
  await act.send(world, { to: people, subject: 'Wrong person', password: PASSWORD });
  const [eva, finn] = await Promise.all(people.map((each) => act.linkOf(world, each)));
  const person = await signedIn(browser, world);
  const { page } = person;
  await toMessage(page, 'Wrong person');
  await page.getByRole('button', { name: 'Revoke for finn@recipient.example' }).click();
  await page.getByText('The link of finn@recipient.example is dead at once.').waitFor();
  await assertClean(person, 'sender-message-revoke');
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click();
  await page.getByText('Revoked: the link is dead.').waitFor();
  await untilRefreshed(page, 'one is revoked', recipient(page, 'finn@recipient.example').getByText('Revoked', { exact: true }));
  assert.notEqual((await act.open(world, finn, { password: PASSWORD, exit: null })).code, 0);
  await act.open(world, eva, { password: PASSWORD });

  await page.getByRole('button', { name: 'Revoke for everybody' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click();
  await untilRefreshed(page, 'all are revoked', recipient(page, 'eva@recipient.example').getByText('Revoked', { exact: true }));
  await page.getByText('The text is no longer there').waitFor();
  assert.notEqual((await act.open(world, eva, { password: PASSWORD, exit: null })).code, 0);
  await assertClean(person, 'sender-message-revoked');
  await person.context.close();
});

test('what was done to a message that was left is not said of the next one', async () => {
  for (const subject of ['Left behind', 'Gone on to']) await act.send(world, { to: 'hal@recipient.example', subject, password: PASSWORD });
  const person = await signedIn(browser, world);
  const { page } = person;
  await toMessage(page, 'Gone on to');
  const next = new URL(page.url()).hash;
  await toMessage(page, 'Left behind');
  const sure = page.getByRole('dialog');
  const held = new Map();
  await page.route(/\/sealed\/(revoke|delete)$/, (route) => held.set(route.request().url().split('/').at(-1), route));
  for (const [name, operation] of [['Revoke', 'revoke'], ['Delete', 'delete']]) {
    await page.getByRole('button', { name, exact: true }).click();
    await sure.getByRole('button', { name, exact: true }).click();
    await until(`${operation} to be asked`, () => held.has(operation));
  }
  await page.evaluate((hash) => (location.hash = hash), next);
  await page.getByRole('heading', { name: 'Gone on to' }).waitFor();

  for (const [operation, route] of held) {
    const answered = page.waitForResponse((answer) => answer.url().endsWith(operation));
    await route.continue();
    await answered;
  }

  // A moment for what the answers might do.
  await page.waitForTimeout(1000);
  await page.getByRole('heading', { name: 'Gone on to' }).waitFor();
  assert.equal(await page.getByText('Revoked: the link is dead.').count(), 0);
  await person.context.close();
});

test('delete says what it means, and the message is gone', async () => {
  await act.send(world, { to: 'gone@recipient.example', subject: 'To be forgotten', password: PASSWORD });
  const link = await act.linkOf(world, 'gone@recipient.example');
  const person = await signedIn(browser, world);
  const { page } = person;
  await toMessage(page, 'To be forgotten');
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await assertClean(person, 'sender-message-delete');
  await page.keyboard.press('Escape');
  assert.equal(await page.getByRole('dialog').count(), 0);
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByRole('heading', { name: 'The message is deleted.' }).waitFor();
  await assertClean(person, 'sender-message-deleted');
  assert.notEqual((await act.open(world, link, { password: PASSWORD, exit: null })).code, 0);
  await reload(page);
  await page.getByRole('heading', { name: 'There is no such message' }).waitFor();
  person.faults.errors.length = 0;
  await assertClean(person, 'sender-message-missing');
  await person.context.close();
});

test('older messages are shown page by page, and searched to the end only when asked', async () => {
  for (let i = 1; i <= 51; i++) await act.send(world, { to: `many${i}@recipient.example`, subject: `Letter ${i}`, check: 'code' });
  const person = await signedIn(browser, world);
  const { page } = person;
  await page.getByRole('link', { name: 'Letter 51', exact: true }).waitFor();
  assert.equal(await page.getByRole('link', { name: 'Three files', exact: true }).count(), 0);
  await page.getByLabel('Search in the subjects').fill('three');
  await page.getByRole('button', { name: 'Search older messages too' }).click();
  await page.getByRole('link', { name: 'Three files', exact: true }).waitFor();
  await page.getByText(/^1 of all \d+ messages\.$/).waitFor();
  await assertClean(person, 'sender-list-found-older');
  await person.context.close();
});

test('names, subjects and files of any length or form are shown as they are, and run nothing', async () => {
  const hostile = '<img src=x onerror=globalThis.hit=1>';
  const long = 'Allergologisch-dermatologische-vervolgafspraakbevestiging'.repeat(4);
  await act.send(world, { to: `${'a'.repeat(60)}@${'very-long-name.'.repeat(8)}recipient.example`, subject: `${hostile} ${long}`, body: `${hostile}\n\n- [x](javascript:alert(1))`,
    attach: [world.file(`files/${long.slice(0, 200)}.txt`, 'x')], check: 'code' });
  await act.send(world, { to: 'rtl@recipient.example', subject: 'نتائج فحص الدم للمريض 12', password: PASSWORD });
  await act.reply(world, await act.linkOf(world, 'rtl@recipient.example'), { password: PASSWORD, body: `${hostile} شكرا`, attach: [world.file('files/رسالة <b>.txt', 'x')] });
  const person = await signedIn(browser, world);
  const { page } = person;
  await page.getByText(hostile).waitFor();
  await assertClean(person, 'sender-list-long-and-hostile');
  await page.getByRole('link', { name: hostile }).click();
  await page.getByRole('button', { name: 'Read what you sent' }).click();
  await page.getByText('[x](javascript:alert(1))').waitFor();
  await assertClean(person, 'sender-message-long-and-hostile');
  await toMessage(page, 'نتائج فحص الدم للمريض 12');
  const read = page.getByRole('button', { name: 'Read the reply' });
  await untilRefreshed(page, 'the reply', read);
  await read.click();
  await page.getByText(`${hostile} شكرا`).waitFor();
  await assertClean(person, 'sender-message-right-to-left');
  assert.equal(await page.evaluate(() => globalThis.hit), undefined);
  await person.context.close();
});

test('a server that is away is said, and trying again works', async () => {
  const person = await signedIn(browser, world);
  const { page } = person;
  await page.getByRole('button', { name: 'Refresh' }).waitFor();
  person.expected.push('net::ERR_'); // the list asks again by itself, as often as it likes
  await world.stack.killService('gateway');
  await page.getByRole('button', { name: 'Refresh' }).click();
  await page.getByText('The server cannot be reached.').waitFor();
  await assertClean(person, 'sender-list-error');
  await world.stack.startService('gateway');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('The server cannot be reached.').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Refresh' }).waitFor();
  person.expected.length = 0;
  await person.context.close();
});

test('an administrator without the right to send finds no form, and a place of his own', async () => {
  const person = await signedIn(browser, world, { who: { email: 'boss@clinic.example', password: 'password-of-boss' } });
  const { page } = person;
  await page.getByRole('heading', { name: 'Users', level: 1 }).waitFor();
  assert.equal(await page.getByRole('link', { name: 'New message' }).count(), 0);
  await visit(page, `${world.stack.url}/compose`);
  await page.getByText('Your account is not one that sends messages.').waitFor();
  await assertClean(person, 'sender-not-a-sender');
  await person.context.close();
});
