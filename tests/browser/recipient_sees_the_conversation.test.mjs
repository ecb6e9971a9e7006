// PRODUCT.md R6, R7, A6: the replies and answers of a conversation are read again below the message, in
// any browser, each opened on request; the organisation's logo and colour; whom to ask when a message
// has ended; and an answer of the server's that was lost costs nobody an attempt unseen.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';

import * as act from '../system/support/actions.mjs';
import { until } from '../system/support/world.mjs';
import { load } from '../web/support/load.mjs';
import { fakeTab, fakeXhr, fetchOf, fileOf } from '../web/support/person.mjs';
import { accessibilityFaults, reload } from './support/browser.mjs';
import { PASSWORD, Person, REFUSED, mailed } from './support/recipient.mjs';
import { onStage } from './support/stage.mjs';

const LOGO = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAPAAAABQCAIAAACoK28rAAABM0lEQVR42u3bMQ0AIAxFQURUToUhDIEo6NKEhV7CfsnvW1mRu/1OZPtxuS/cZWiuoA3NFbQDcwXN5QqaK2hDcwVtaK6gHZgraC5X0FxBG5oraENzBc3lCprLFTRX0IbmCtrQXEFzuYLmcsugjcX9yRU0V9CG5gragbmC5nIFzRW0obmCNjRX0A7MFTSXK2iuoA3NFbShuYJ2YK6guVxBcwVtaK6gDc0VNJcraC63DtpYXL++Dc0VtANzBc3lCporaENzBW1orqAdmCtoLlfQXEEbmitoQ3MFzeUKmssVNFfQhuYK2tBcQXO5guZyBc2dEbSxuH59G5oraAfmCprLFTRX0IbmCtrQXEE7MFfQXK6guYI2NFfQhuYKmssVNJcraK6gDc0VtKG5guZyBc3lCpo7wr0EB2Xu/7wqzwAAAABJRU5ErkJggg==',
  'base64',
);
const CONTACT = 'Balie Oost, 020 123 4567, ma-vr 8-17 uur';
const OLD_LOOK = { colour: '', contact: '', changes_logo: true, logo: new Uint8Array() };

let world;
let browser;
let web;

onStage(async (stage) => {
  ({ world, browser } = stage);
  fakeTab();
  fakeXhr();
  web = await load('web/client/office.ts', 'web/protocol/protocol.ts');
});

async function office(who) {
  const signedIn = await web.Office.open({ base: world.stack.url, fetch: fetchOf() });
  await signedIn.signIn(`${who}@clinic.example`, `password-of-${who}`);
  return signedIn;
}

/** The sender answers a reply in his own page's way. */
async function answer(parent, to, { method = 'METHOD_PASSWORD', subject, body, files = [] }) {
  const sender = await office('sender');
  const draft = await sender.beginMessage();
  for (const file of files) draft.attach(file);
  const recipients = [{ address: to, name: '', method: web.METHODS[method], password: PASSWORD }];
  return sender.send(draft, { recipients, subject, body, lifetime_days: 7, undo_s: 0, language: 'nl', parent });
}

async function opened(link, subject, options) {
  const person = await Person.at(browser, world, link, options);
  await person.openWithPassword();
  await person.heading(subject).waitFor();
  person.thread = person.page.getByRole('region', { name: person.language === 'nl' ? 'Het gesprek' : 'The conversation' });
  return person;
}

async function reply(person, body, files = []) {
  await person.button(person.t.reply).click();
  await person.field(person.t.yourMessage).fill(body);
  if (files.length) {
    await person.page.locator('input[type=file]').setInputFiles(files);
    await until('all to be sent', async () => (await person.page.getByText('Klaar.').count()) === files.length);
  }
  await person.button(person.t.send).click();
  await person.heading(person.t.replySent).waitFor();
}

const replyOf = (message) =>
  until('the reply in the list', async () => (await act.show(world, message)).replies?.[0]?.message ?? null);
const linksOf = (to, count) =>
  until(`${count} links`, () => {
    const links = world.mails.filter((mail) => mail.to === to && mail.link).map((mail) => mail.link);
    return links.length >= count ? links : null;
  });

// --- the conversation ---

test('replies and answers stand below the message in any browser, and open when somebody asks', async () => {
  const scan = act.makeFile(world, 'scan.bin', 200_000);
  const { link, to, message } = await mailed(world, { subject: 'Uw vraag', body: 'Wat neemt u mee?' });
  const first = await opened(link, 'Uw vraag');
  assert.equal(await first.thread.count(), 0, 'nothing was said yet');
  await reply(first, 'Ik neem mijn pas mee.', [scan]);
  await first.thread.getByText('Ik neem mijn pas mee.').waitFor();
  assert.equal(await first.page.evaluate(() => JSON.stringify({ ...sessionStorage }).includes('pas mee')), false, 'nothing of it is kept in the tab');
  const written = await replyOf(message);
  const plan = Buffer.from('the plan');
  const answered = await answer(written, to, { subject: 'Re: Uw vraag', body: 'Dat is **goed**.', files: [fileOf('plan.txt', plan, 'text/plain')] });
  const closed = await answer(written, to, { subject: 'Geheim', body: 'x', method: 'METHOD_PASSWORD_AND_CODE' });
  await first.leave();

  const second = await opened(link, 'Uw vraag');
  await second.thread.getByRole('heading', { level: 3 }).nth(3).waitFor();
  const whose = await second.thread.getByRole('heading', { level: 3 }).allTextContents();
  assert.deepEqual(whose.map((each) => each.startsWith('U, op ')), [false, true, false, false]);
  await second.thread.getByText('Het bericht hierboven.').waitFor();
  await second.thread.getByText('Kan hier niet worden getoond.').waitFor();
  assert.equal(await second.thread.getByText('pas mee').count() + await second.thread.getByText('Geheim').count(), 0);
  await second.looksRight('thread-closed');

  await second.thread.getByRole('button', { name: /^Toon uw antwoord van/ }).click();
  await second.thread.getByText('Ik neem mijn pas mee.').waitFor();
  await until('the focus to be on it', async () => (await second.focused()).startsWith('U, op '));
  const [download] = await Promise.all([second.page.waitForEvent('download'), second.button('\u2068scan.bin\u2069 downloaden').click()]);
  await download.saveAs(world.path('saved', 'scan.bin'));
  assert.equal(act.sha256(world.path('saved', 'scan.bin')), act.sha256(scan));
  await second.thread.getByRole('button', { name: /^Toon het bericht van/ }).click();
  await second.thread.locator('strong', { hasText: 'goed' }).waitFor();
  const [other] = await Promise.all([second.page.waitForEvent('download'), second.button('\u2068plan.txt\u2069 downloaden').click()]);
  await other.saveAs(world.path('saved', 'plan.txt'));
  assert.deepEqual(fs.readFileSync(world.path('saved', 'plan.txt')), plan);
  await second.looksRight('thread-opened');
  await second.leave();

  const entries = await act.log(world);
  assert.ok(act.kindsOf(entries, answered.message).includes('opened'));
  assert.ok(act.kindsOf(entries, written).some((kind) => kind.includes('recipient')), 'reading his own reply is logged');
  assert.equal(act.kindsOf(entries, closed.message).includes('opened'), false);
});

test('the page of an answer shows what came before it, after a new proof too, and the copy has it', async () => {
  const { link, to, message } = await mailed(world, { subject: 'First question' });
  const asked = await opened(link, 'First question', { language: 'en' });
  await reply(asked, 'My reply');
  await asked.leave();
  await answer(await replyOf(message), to, { subject: 'Our answer', body: 'It is done.' });
  const [, second] = await linksOf(to, 2);

  const person = await opened(second, 'Our answer', { language: 'en' });
  await person.thread.getByText('The message above.').waitFor();
  const order = await person.thread.getByRole('listitem').allTextContents();
  assert.ok(order[2].includes('The message above.'), order.join(' | '));
  await world.moveClock(60 * 60_000);
  await person.thread.getByRole('button', { name: /^Show your reply of/ }).click();
  await person.page.getByRole('dialog', { name: 'Show once more that it is you' }).waitFor();
  await person.field(person.t.password).fill(PASSWORD);
  await person.button('Go on').click();
  await person.thread.getByText('My reply').waitFor();

  const [download] = await Promise.all([person.page.waitForEvent('download'), person.button(person.t.copy).click()]);
  await download.saveAs(world.path('saved', 'copy.zip'));
  const text = fs.readFileSync(world.path('saved', 'copy.zip'), 'utf8');
  for (const part of ['It is done.', 'My reply', 'not shown when this copy was made']) assert.ok(text.includes(part), part);
  await person.looksRight('thread-of-answer', { errors: [REFUSED] });
  await person.leave();
});

test('a conversation that does not come is told, and can be asked for again', async () => {
  const { link } = await mailed(world, { subject: 'Alone' });
  const person = await Person.at(browser, world, link, { language: 'en' });
  await person.page.route('**/api/v1/sealed/thread', (route) => route.fulfill({ status: 503, contentType: 'application/json', body: JSON.stringify({ error: 'busy', message: 'x' }) }));
  await person.openWithPassword();
  await person.button('Try again to get the conversation').waitFor();
  await person.heading('Alone').waitFor();
  await person.looksRight('thread-away', { errors: [REFUSED] });

  await person.page.unroute('**/api/v1/sealed/thread');
  await person.button('Try again to get the conversation').click();
  await until('the fault to be gone', async () => (await person.page.getByRole('region', { name: 'The conversation' }).count()) === 0);
  await person.leave();
});

// --- the organisation ---

async function looksLike(more) {
  const boss = await office('boss');
  const { name, language, from_name, from_address } = await boss.organisation();
  await boss.call('organisation_set', { name, language, from_name, from_address, ...OLD_LOOK, ...more });
}

test('the organisation is known by its logo and colour, and by how to reach it once a message has ended', async () => {
  await looksLike({ colour: '#ffe600', contact: CONTACT, logo: new Uint8Array(LOGO) });
  const { link, message } = await mailed(world, { subject: 'Met logo' });
  const person = await Person.at(browser, world, link);
  const logo = person.page.getByRole('banner').locator('img.logo'); // beside the name, so it needs no words
  await person.page.getByRole('banner').getByText('Clinic West').waitFor();
  await until('the logo to be drawn', () => logo.evaluate((image) => image.complete && image.naturalWidth === 240));
  assert.match(await logo.getAttribute('src'), /^blob:/);
  await person.looksRight('logo');
  for (const colour of ['#777777', '#000000', '#00ff7f']) {
    await looksLike({ colour, contact: CONTACT, logo: new Uint8Array(LOGO) });
    await reload(person.page);
    await person.field(person.t.password).waitFor();
    assert.deepEqual(await accessibilityFaults(person.page), [], colour);
  }
  await person.openWithPassword();
  await person.heading('Met logo').waitFor();
  await logo.waitFor();
  await world.cli('sender', ['revoke', message]);

  await person.button(person.t.reply).click();
  await person.heading(person.t.gone).waitFor();
  await person.page.getByText(CONTACT).waitFor();
  assert.equal(await logo.count(), 0);
  await person.looksRight('gone-contact', { errors: [REFUSED] });
  await reload(person.page);
  await person.page.getByText(CONTACT).waitFor();

  const stranger = await Person.at(browser, world, link);
  await stranger.heading(stranger.t.gone).waitFor();
  assert.equal(await stranger.page.getByText(CONTACT).count() + await stranger.page.getByText('Clinic West').count(), 0);
  await stranger.leave();
  await person.leave();
  await looksLike({});
});

// --- lost answers ---

/** The server does it, and nobody hears of it. */
const unheard = async (route) => {
  await route.fetch().catch(() => {});
  await route.abort();
};

function counted(person, operation) {
  const all = [];
  person.page.on('request', (request) => request.url().endsWith(`/sealed/${operation}`) && all.push(request.url()));
  return all;
}

test('a wrong attempt whose answer was lost is made once, and told to have counted', async () => {
  const { link } = await mailed(world, { subject: 'Nog een keer' });
  const person = await Person.at(browser, world, link);
  const attempts = counted(person, 'verify_open');
  await person.page.route('**/api/v1/sealed/verify_open', unheard);
  await person.openWithPassword('a-wrong-guess');

  await person.page.getByText('deze poging telde mee').waitFor();
  await person.page.getByText('U hebt nog 4 pogingen.').waitFor();
  await person.page.getByText('Dit is poging 2 van 5.').waitFor();
  assert.equal(attempts.length, 1);
  await person.looksRight('lost-counted', { errors: [REFUSED] });

  await person.page.unroute('**/api/v1/sealed/verify_open');
  await person.openWithPassword();
  await person.heading('Nog een keer').waitFor();
  await person.leave();
});

test('as long as the server cannot say whether an attempt counted, no other one is made', async () => {
  const { link } = await mailed(world, { subject: 'In the tunnel' });
  const person = await Person.at(browser, world, link, { language: 'en' });
  await person.field(person.t.password).waitFor();
  const attempts = counted(person, 'verify_open');
  const lose = (route) => route.abort();
  await person.page.route('**/api/v1/sealed/*', lose);
  await person.openWithPassword();
  await person.page.getByText('This attempt may have counted.').waitFor();
  await person.looksRight('lost-unknown', { errors: [REFUSED] });
  await person.button(person.t.open).click();
  await person.button('Opening…').waitFor();
  await person.button(person.t.open).waitFor(); // it has asked in vain
  assert.equal(attempts.length, 1);

  await person.page.unroute('**/api/v1/sealed/*', lose);
  await person.button(person.t.open).click();
  await person.heading('In the tunnel').waitFor();
  assert.equal(attempts.length, 2);
  await person.leave();
});

test('a code that was sent unheard is not asked for twice', async () => {
  const { link, to } = await mailed(world, { check: 'code', subject: 'Code unheard' });
  const person = await Person.at(browser, world, link, { language: 'en' });
  const asked = counted(person, 'send_code');
  await person.page.route('**/api/v1/sealed/send_code', unheard);
  await person.button(person.t.sendCode).click();

  await person.page.getByText('A code was sent to your e-mail before.').waitFor();
  await person.field(person.t.code).fill(await world.codeFor(to));
  assert.equal(asked.length, 1);
  await person.looksRight('lost-code', { errors: [REFUSED] });
  await person.button(person.t.open).click();
  await person.heading('Code unheard').waitFor();
  assert.equal(world.mails.filter((mail) => mail.to === to && mail.code).length, 1);
  await person.leave();
});
