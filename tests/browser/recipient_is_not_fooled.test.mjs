// R7, A3, SECURITY.md 7: a link that has ended looks the same whatever ended it; a mail scanner that runs
// scripts and presses every button changes nothing; hostile names and texts are inert, and long or
// right-to-left ones stay readable.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as act from '../system/support/actions.mjs';
import { NARROW } from './support/browser.mjs';
import { PASSWORD, Person, REFUSED, mailed } from './support/recipient.mjs';
import { onStage } from './support/stage.mjs';

const DAY = 24 * 60 * 60_000;

let world;
let browser;

onStage((stage) => ({ world, browser } = stage));

// --- what has ended ---

/** Another link of the right form that nobody was given. */
function unknown(link) {
  const [page, fragment] = link.split('#');
  const [version, id, ...rest] = fragment.split('.');
  const other = [...id].map((each) => (/[0-9a-f]/.test(each) ? ((parseInt(each, 16) + 1) % 16).toString(16) : each)).join('');
  return `${page}#${[version, other, ...rest].join('.')}`;
}

test('unknown, expired, revoked and deleted links show one and the same page', async () => {
  const expired = await mailed(world, { expires: '1d' });
  await world.moveClock(2 * DAY);
  const [revoked, deleted, live] = [await mailed(world), await mailed(world), await mailed(world)];
  await world.cli('sender', ['revoke', revoked.message]);
  await world.cli('sender', ['delete', deleted.message, '--yes']);

  for (const language of ['nl', 'en']) {
    const seen = [];
    for (const link of [unknown(live.link), expired.link, revoked.link, deleted.link]) {
      const person = await Person.at(browser, world, link, { language });
      await person.heading(person.t.gone).waitFor();
      seen.push(await person.page.evaluate(() => `${document.title}|${document.documentElement.lang}|${document.documentElement.style.cssText}|${document.body.innerHTML}`));
      if (seen.length === 1) await person.looksRight('gone', { errors: [REFUSED] });
      await person.leave();
    }
    assert.equal(new Set(seen).size, 1, 'one and the same page');
  }
});

test('a message that is revoked while it is read ends at the next thing that is asked', async () => {
  const { link, message } = await mailed(world, { subject: 'Taken back' });
  const person = await Person.at(browser, world, link, { language: 'en' });
  await person.openWithPassword();
  await person.heading('Taken back').waitFor();
  await world.cli('sender', ['revoke', message]);

  await person.button(person.t.reply).click();

  await person.heading(person.t.gone).waitFor();
  assert.equal(await person.page.getByText('Taken back').count(), 0);
  await person.leave();
});

// --- scanners ---

/** Runs in the page: presses whatever can be pressed, again and again. */
async function pressEverything() {
  for (let round = 0; round < 8; round++) {
    for (const each of document.querySelectorAll('button, a[href], summary, input, label')) each.click();
    for (const form of document.forms) form.requestSubmit();
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

/** Everything that the product decides by about this message's link. */
const facts = (message) =>
  JSON.stringify(world.sql(`SELECT each::text FROM vault.link AS each WHERE message = '\\x${message}' UNION ALL SELECT count(*)::text FROM vault.link_session`));

for (const check of ['password', 'code', 'password+code'])
  test(`a scanner that runs scripts and presses every button uses nothing up (${check})`, async () => {
    const { link, to, message } = await mailed(world, { check, subject: 'After the scanner' });
    const before = facts(message);
    for (const userAgent of ['Mozilla/5.0 (scanner)', 'Mozilla/5.0 (another scanner)']) {
      const scanner = await Person.at(browser, world, link, { userAgent });
      await scanner.page.waitForLoadState('networkidle');
      await scanner.page.evaluate(pressEverything);
      await scanner.page.waitForLoadState('networkidle');
      await scanner.leave();
    }

    assert.equal(facts(message), before);
    assert.ok(world.mails.filter((mail) => mail.to === to && mail.code).length <= 1);
    const kinds = act.kindsOf(await act.log(world), message);
    for (const kind of ['verification-failed', 'verified', 'locked', 'opened']) assert.ok(!kinds.includes(kind), kind);

    const person = await Person.at(browser, world, link, { language: 'en' });
    await person.heading('Secure message from').waitFor();
    if (check !== 'password') await person.field(person.t.code).fill(await world.codeFor(to));
    if (check !== 'code') await person.field(person.t.password).fill(PASSWORD);
    await person.button(person.t.open).click();
    await person.heading('After the scanner').waitFor();
    await person.leave();
  });

// --- hostile and unusual content ---

/** An organisation of its own, with one sender. */
async function organisation(home, name, sender) {
  const org = await world.admin(['org', 'create', '--name', name, '--language', 'en']);
  const mine = world.organisation;
  world.organisation = org.json.organisation;
  await world.makeUser(home, `${home}@clinic.example`, sender, 'sender');
  world.organisation = mine;
}

const HOSTILE = {
  organisation: '<img src=x onerror=alert(1)>"\'{{7*7}}',
  sender: '<script>alert(2)</script>${alert(3)}',
  subject: '"><svg onload=alert(4)></svg><iframe srcdoc="<script>alert(5)</script>">',
  body: [
    '<script>alert(6)</script><img src=x onerror=alert(7)><style>*{display:none}</style>', '[click](javascript:alert(8)) [x](data:text/html,<script>alert(9)</script>)',
    '**<b onmouseover=alert(10)>bold</b>** *<a href="javascript:alert(11)">it</a>*', '[<img src=x onerror=alert(12)>](https://clinic.example)', '- <li onclick=alert(13)>', '<meta http-equiv=refresh content="0;url=https://evil.example">', '&lt;script&gt;',
  ].join('\n\n'),
  file: '"><img src=x onerror=alert(14)>.png',
};

test('hostile names, subject, body, file name and reply are text, and no report comes', async () => {
  await organisation('evil', HOSTILE.organisation, HOSTILE.sender);
  const attach = [world.file(`files/${HOSTILE.file}`, 'x'), world.file('files/page.html', '<script>alert(15)</script>'), world.file('files/image.svg', '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(16)"/>')];
  const { link } = await mailed(world, { home: 'evil', subject: HOSTILE.subject, body: HOSTILE.body, attach });
  const person = await Person.at(browser, world, link, { language: 'en' });
  const dialogs = [];
  person.page.on('dialog', (dialog) => (dialogs.push(dialog.message()), dialog.dismiss()));
  await person.heading('Secure message from').waitFor();
  for (const text of [HOSTILE.organisation, HOSTILE.sender]) await person.page.getByText(text).first().waitFor();
  await person.looksRight('hostile-welcome');

  await person.openWithPassword();
  await person.page.getByRole('heading', { name: HOSTILE.subject }).waitFor();
  const text = await person.page.locator('.formatted').innerText();
  for (const part of ['<script>alert(6)</script>', '[click](javascript:alert(8))', '&lt;script&gt;']) assert.ok(text.includes(part), part);
  await person.button(person.t.reply).click();
  await person.field(person.t.yourMessage).fill(HOSTILE.body);
  await person.button(person.t.send).click();
  await person.heading(person.t.replySent).waitFor();
  await person.page.getByRole('region', { name: 'The conversation' }).waitFor();
  await person.page.mouse.move(200, 200);
  await person.looksRight('hostile-message');

  const made = await person.page.evaluate(() => ['script:not([src])', 'svg', 'iframe', 'style', 'meta[http-equiv]', 'main img', '[onclick], [onload], [onerror], [onmouseover]', 'a[href^="javascript"], a[href^="data"]'].filter((each) => document.querySelector(each)));
  assert.deepEqual(made, []);
  assert.deepEqual(dialogs, []);
  const [download] = await Promise.all([person.page.waitForEvent('download'), person.button('Download \u2068___img src=x onerror=alert(14)_.png\u2069').click()]);
  assert.equal(download.suggestedFilename(), '___img src=x onerror=alert(14)_.png');
  await person.leave();
});

test('right-to-left names and texts stand in their own direction, and turn nothing around them', async () => {
  await organisation('rtl', 'مستشفى الغرب', 'ד״ר עדה שולחת');
  const attach = [world.file('files/تقرير الطبيب 2026.pdf', '%PDF-1.4'), world.file('files/report.txt', 'x')];
  const body = 'مرحبا **جيد** https://clinic.example/a\n\nHello in English\n\n- واحد\n- two';
  const { link } = await mailed(world, { home: 'rtl', subject: 'نتائجك (results) 2026', body, attach });
  const person = await Person.at(browser, world, link, { language: 'en', viewport: NARROW });
  await person.heading('مستشفى الغرب').waitFor();
  await person.looksRight('rtl-welcome');
  await person.openWithPassword();
  await person.heading('نتائجك').waitFor();
  await person.looksRight('rtl-message');

  const directions = await person.page.locator('.formatted p, .formatted li').evaluateAll((all) => all.map((each) => getComputedStyle(each).direction));
  assert.deepEqual(directions, ['rtl', 'ltr', 'rtl', 'ltr']);
  assert.equal(await person.page.locator('h1 bdi').evaluate((each) => getComputedStyle(each).direction), 'rtl');
  assert.equal(await person.page.evaluate(() => getComputedStyle(document.documentElement).direction), 'ltr');
  await person.leave();
});

test('names and texts as long as they may be fit 320 pixels', async () => {
  const long = (letter, bytes) => letter.repeat(bytes);
  await organisation('long', long('W', 120), long('M', 120));
  const attach = [world.file(`files/${long('n', 240)}.pdf`, '%PDF-1.4')];
  const { link } = await mailed(world, { home: 'long', subject: long('S', 990), body: `${long('b', 4000)}\n\n- ${long('x', 500)}\n\nhttps://clinic.example/${long('u', 900)}`, attach });
  const person = await Person.at(browser, world, link, { viewport: NARROW });
  await person.heading('Beveiligd bericht van').waitFor();
  await person.looksRight('long-welcome');
  await person.openWithPassword();
  await person.heading('SSSS').waitFor();
  await person.button(person.t.reply).click();
  await person.looksRight('long-message');
  await person.leave();
});

// --- by keyboard ---

test('everything is reached by keyboard, at 320 pixels', async () => {
  const { link } = await mailed(world, { subject: 'Met toetsen', attach: [act.makeFile(world, 'a.bin', 100)] });
  const person = await Person.at(browser, world, link, { viewport: NARROW });
  await person.heading('Beveiligd bericht van').waitFor();
  const name = () => person.page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent ?? '');
  const tabTo = async (wanted) => {
    for (let presses = 0; presses < 40; presses++) {
      await person.page.keyboard.press('Tab');
      const found = await name();
      if (wanted.test(found)) return found;
    }
    throw new Error(`no Tab leads to ${wanted}`);
  };

  await tabTo(/Hoe weet ik of dit echt is/);
  await person.page.keyboard.press('Enter');
  await person.page.getByText('Deze pagina vraagt nooit om uw bankgegevens').waitFor();
  await person.looksRight('genuine');
  await person.field(person.t.password).focus();
  await person.page.keyboard.type(PASSWORD);
  await person.page.keyboard.press('Enter');
  await person.heading('Met toetsen').waitFor();
  await tabTo(/a\.bin.* downloaden/);
  await Promise.all([person.page.waitForEvent('download'), person.page.keyboard.press('Enter')]);
  await tabTo(/^Beantwoorden$/);
  await person.page.keyboard.press('Enter');
  await person.field(person.t.yourMessage).waitFor();
  await person.page.keyboard.type('Met de toetsen geschreven');
  await tabTo(/^Antwoord versturen$/);
  await person.page.keyboard.press('Enter');
  await person.heading(person.t.replySent).waitFor();
  await person.page.keyboard.press('Shift+Tab');
  assert.equal(await name(), person.t.signOut);
  await person.page.keyboard.press('Enter');
  await person.heading(person.t.signedOut).waitFor();
  await person.leave();
});
