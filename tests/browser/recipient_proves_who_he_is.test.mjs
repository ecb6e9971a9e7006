// PRODUCT.md R2, R3, R4: the page of a link says who sent it and what happens next; a password, a code
// or both open it; wrong attempts are counted, lock until a clock time, and freeze in the end.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as act from '../system/support/actions.mjs';
import { until } from '../system/support/world.mjs';
import { goBack, reload, screenshots, visit } from './support/browser.mjs';
import { PASSWORD, Person, REFUSED, mailed } from './support/recipient.mjs';
import { onStage } from './support/stage.mjs';

const MINUTE = 60_000;

let world;
let browser;

onStage((stage) => ({ world, browser } = stage));

/** A first answer may be "refused": Chromium tells that as an error. */
const allowed = { errors: [REFUSED] };

test('a password opens the message; the link is gone from the address bar, and a reload stays', async () => {
  const { link } = await mailed(world, { subject: 'Uitslag', body: 'Alles is goed.' });
  const person = await Person.at(browser, world, link);
  await person.heading('Beveiligd bericht van').waitFor();
  assert.equal(person.page.url(), `${world.stack.url}/m`);
  await person.looksRight('password');

  await person.button(person.t.open).click();
  await person.page.getByText('Vul dit in.').waitFor();
  await person.looksRight('password-missing');
  await person.openWithPassword();
  await person.heading('Uitslag').waitFor();
  await person.looksRight('message-plain');

  await reload(person.page);
  await person.heading('Uitslag').waitFor();
  await visit(person.page, `${world.stack.url}/`);
  await goBack(person.page);
  await person.heading('Uitslag').waitFor();
  await person.leave();
});

test('a second tab asks for a proof of its own, and another link in the same tab is taken', async () => {
  const first = await mailed(world, { subject: 'First message' });
  const second = await mailed(world, { subject: 'Second message' });
  const person = await Person.at(browser, world, first.link, { language: 'en' });
  await person.openWithPassword();
  await person.heading('First message').waitFor();

  const tab = await person.context.newPage();
  await visit(tab, first.link);
  await tab.getByLabel('Password', { exact: true }).waitFor();
  await tab.close();

  await person.page.evaluate((hash) => (location.hash = hash), new URL(second.link).hash);
  await person.field('Password').waitFor();
  await person.openWithPassword();
  await person.heading('Second message').waitFor();
  assert.equal(person.page.url(), `${world.stack.url}/m`);
  await person.leave();
});

test('a code opens the message: asked for, counted down, pasted, with the keyboard alone', async () => {
  const { link, to } = await mailed(world, { check: 'code', subject: 'By code' });
  const person = await Person.at(browser, world, link, { language: 'en' });
  await person.heading('Secure message from').waitFor();
  await person.looksRight('code-before');
  assert.equal(await person.field(person.t.code).count(), 0);

  await person.button(person.t.sendCode).focus();
  await person.page.keyboard.press('Enter');
  await person.field(person.t.code).waitFor();
  await person.page.getByRole('timer').filter({ hasText: /0:[0-5]\d/ }).waitFor();
  await until('the focus to be in the code field', () => person.field(person.t.code).evaluate((field) => field === document.activeElement));
  assert.equal(await person.field(person.t.code).getAttribute('autocomplete'), 'one-time-code');
  await person.looksRight('code-sent');

  const code = await world.codeFor(to);
  await person.page.evaluate((text) => {
    const data = new DataTransfer();
    data.setData('text/plain', text);
    document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    document.execCommand('insertText', false, text); // what a real paste does with it
  }, ` ${code.slice(0, 3)} ${code.slice(3)} `);
  assert.equal(await person.field(person.t.code).inputValue(), code);
  await person.page.keyboard.press('Enter');

  await person.heading('By code').waitFor();
  assert.match(await person.focused(), /By code/);
  await person.leave();
});

test('a reload after the code was sent asks for the code, and a new one can be had after a minute', async () => {
  const { link, to } = await mailed(world, { check: 'code', subject: 'Na een tijdje' });
  const person = await Person.at(browser, world, link);
  await person.button(person.t.sendCode).click();
  await person.field(person.t.code).waitFor();
  await world.codeFor(to);
  await reload(person.page);
  await person.page.getByText('Er is al eerder een code naar uw e-mail gestuurd.').waitFor();

  await person.button(person.t.resend).click();
  await person.page.getByText(/Over 0:\d\d kunt u een nieuwe code aanvragen/).waitFor();
  assert.equal(world.mails.filter((mail) => mail.to === to && mail.code).length, 1);
  await person.looksRight('code-wait', allowed);

  await world.moveClock(11 * MINUTE);
  await person.field(person.t.code).fill(await world.codeFor(to));
  await person.button(person.t.open).click();
  await person.page.getByText('De code is verlopen.').waitFor();
  await person.looksRight('code-expired', allowed);
  await person.button(person.t.resend).click();
  await person.field(person.t.code).fill(await world.codeFor(to, 1));
  await person.button(person.t.open).click();
  await person.heading('Na een tijdje').waitFor();
  await person.leave();
});

test('password and code together: a wrong half costs an attempt and keeps what was typed', async () => {
  const { link, to } = await mailed(world, { check: 'password+code', subject: 'Met beide' });
  const person = await Person.at(browser, world, link);
  await person.heading('Beveiligd bericht van').waitFor();
  await person.looksRight('both-before');
  await person.button(person.t.sendCode).click();
  await person.field(person.t.code).fill(await world.codeFor(to));
  await person.openWithPassword('a-wrong-guess');

  await person.page.getByText('Het wachtwoord of de code klopt niet. U hebt nog 4 pogingen.').waitFor();
  await person.page.getByText('Dit is poging 2 van 5.').waitFor();
  assert.equal(await person.field(person.t.password).inputValue(), 'a-wrong-guess');
  assert.equal(await person.field(person.t.code).inputValue(), await world.codeFor(to));
  await person.looksRight('both-wrong', allowed);
  await person.openWithPassword();
  await person.heading('Met beide').waitFor();
  await person.leave();
});

test('five wrong passwords close it until a clock time in the reader\'s zone; then it opens by itself', async () => {
  const { link } = await mailed(world, { subject: 'After the lock' });
  const person = await Person.at(browser, world, link, { language: 'en' });
  for (const left of ['4 attempts', '3 attempts', '2 attempts', '1 attempt']) {
    await person.openWithPassword('a-wrong-guess');
    await person.page.getByText(`You have ${left} left.`).waitFor();
  }
  await person.looksRight('password-wrong', allowed);
  await person.openWithPassword('a-wrong-guess');

  await person.heading(person.t.locked).waitFor();
  assert.equal(await person.focused(), person.t.locked);
  const untilMs = Number(world.sql('SELECT max(locked_until_ms) FROM vault.link'));
  const time = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short', timeZone: 'Europe/Amsterdam' }).format(untilMs);
  await person.page.getByText(`At ${time} you can try again.`).waitFor();
  await person.looksRight('locked', allowed);
  await reload(person.page);
  await person.page.getByText(`At ${time} you can try again.`).waitFor();

  await world.moveClock(16 * MINUTE);
  await person.button('Look again').click();
  await person.openWithPassword();
  await person.heading('After the lock').waitFor();
  await person.leave();
});

test('the twentieth failure freezes it until the sender opens it again', async () => {
  const { link, to, message } = await mailed(world, { subject: 'Weer open' });
  for (let failures = 0; failures < 20; failures++) {
    if (failures && failures % 5 === 0) await world.moveClock(16 * MINUTE);
    await act.open(world, link, { password: 'a-wrong-guess', exit: null });
  }
  const person = await Person.at(browser, world, link);
  await person.heading(person.t.frozen).waitFor();
  await person.looksRight('frozen');
  await person.button('Kijk opnieuw').click();
  await person.page.getByText('Het is nog steeds gesloten.').waitFor();

  await world.cli('sender', ['unlock', message, '--recipient', to]);
  await person.button('Kijk opnieuw').click();
  await person.openWithPassword();
  await person.heading('Weer open').waitFor();
  await person.leave();
});

test('a server that is away is told in words, and what was typed stays for the next try', async () => {
  const { link } = await mailed(world, { subject: 'Weer terug' });
  const person = await Person.at(browser, world, link);
  await person.field(person.t.password).fill(PASSWORD);
  await world.stack.killService('gateway');
  await person.button(person.t.open).click();
  await person.page.getByText('De server is niet bereikbaar.').waitFor();
  await person.page.getByText('Wat u hebt ingevuld, staat er nog.').waitFor();
  await person.looksRight('away-typed', allowed);

  await world.stack.startService('gateway');
  assert.equal(await person.field(person.t.password).inputValue(), PASSWORD);
  await person.button(person.t.open).click();
  await person.heading('Weer terug').waitFor();
  await person.leave();
});

test('a server that cannot answer at the first call is told, with a way on', async () => {
  const { link } = await mailed(world, { subject: 'Late' });
  const person = await Person.at(browser, world, 'about:blank', { language: 'en' });
  await person.page.route('**/api/v1/keys', (route) => route.abort());
  await visit(person.page, link);
  await person.heading(person.t.away).waitFor();
  await person.looksRight('away', allowed);

  await person.page.unroute('**/api/v1/keys');
  await person.button(person.t.again).click();
  await person.field(person.t.password).waitFor();
  await person.leave();
});

test('a busy server is told, and nothing that was typed is lost', async () => {
  const { link } = await mailed(world, { subject: 'Busy' });
  const person = await Person.at(browser, world, link, { language: 'en' });
  await person.page.route('**/api/v1/sealed/verify_open', (route) =>
    route.fulfill({ status: 503, contentType: 'application/json', headers: { 'Retry-After': '1' }, body: JSON.stringify({ error: 'busy', message: 'x' }) }));
  await person.openWithPassword();
  await person.page.getByText('It is busy.').waitFor();
  await person.looksRight('busy', allowed);
  await person.page.unroute('**/api/v1/sealed/verify_open');
  await person.button(person.t.open).click();
  await person.heading('Busy').waitFor();
  await person.leave();
});

test('Enter in the password field of both asks for the code', async () => {
  const { link, to } = await mailed(world, { check: 'password+code', subject: 'Both' });
  const person = await Person.at(browser, world, link, { language: 'en' });
  await person.field(person.t.password).fill(PASSWORD);
  await person.page.keyboard.press('Enter');
  await person.field(person.t.code).fill(await world.codeFor(to));
  await person.page.keyboard.press('Enter');
  await person.heading('Both').waitFor();
  await person.leave();
});

test('a browser that is too old, or has its scripts off, shows a text that says what to do', async () => {
  const { link } = await mailed(world);
  const old = await Person.at(browser, world, 'about:blank');
  await old.context.addInitScript(() => delete globalThis.ReadableStream);
  await visit(old.page, link);
  await old.heading('Deze browser is te oud').waitFor();
  await old.looksRight('too-old');
  await old.leave();

  const plain = await Person.at(browser, world, link, { javaScriptEnabled: false });
  await plain.page.locator('noscript strong').nth(1).waitFor();
  assert.deepEqual(await plain.page.locator('noscript strong').allInnerTexts(), ['JavaScript staat uit in uw browser.', 'JavaScript is switched off in your browser.']);
  assert.equal(await plain.page.getByText('Een ogenblik').isVisible(), false);
  await screenshots(plain.page, 'recipient-no-script');
  await plain.leave();
});

test('a server with another key than the link says is not trusted with anything', async () => {
  const { link } = await mailed(world);
  const person = await Person.at(browser, world, link.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')), { language: 'en' });

  await person.heading('Stop: something is not genuine').waitFor();

  await person.looksRight('not-genuine');
  assert.equal(await person.page.getByRole('button', { name: person.t.again }).count(), 0);
  await person.leave();
});
