// PRODUCT.md R5, R6, A6: subject, body and attachments are shown, saved and viewed safely; a reply with
// attachments reaches the sender; a copy of everything is one file; signing out leaves nothing behind.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import * as act from '../system/support/actions.mjs';
import { until } from '../system/support/world.mjs';
import { OUTPUT, reload } from './support/browser.mjs';
import { PASSWORD, Person, REFUSED, mailed } from './support/recipient.mjs';
import { onStage } from './support/stage.mjs';

const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAYAAACNMs+9AAAAFUlEQVR42mNk+M9Qz0AEYBxVSF+FAAhKDveksOjmAAAAAElFTkSuQmCC', 'base64');
const BODY = [
  'Geachte mevrouw De Vries,', '', 'De **uitslag** is *goed*. Neem mee naar de afspraak:', '', '- uw pas', '- uw **medicijnen**', '', '1. eerst naar balie 3', '2. daarna naar kamer 12', '',
  'Meer staat op https://clinic.example/uitslag of op [onze pagina](https://www.clinic.example/). Bel [de balie](tel:+31201234567).', '', 'Met vriendelijke groet,', 'Ada Sender',
].join('\n');

let world;
let browser;

onStage((stage) => ({ world, browser } = stage));

// A PDF of one page, whole: viewers repair nothing.
function pdf() {
  const objects = ['<< /Type /Catalog /Pages 2 0 R >>', '<< /Type /Pages /Kids [3 0 R] /Count 1 >>', '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    '<< /Length 45 >>\nstream\nBT /F1 24 Tf 40 100 Td (Uitslag: goed) Tj ET\nendstream', '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>'];
  let text = '%PDF-1.4\n';
  const offsets = objects.map((object, i) => {
    const at = text.length;
    text += `${i + 1} 0 obj\n${object}\nendobj\n`;
    return at;
  });
  const start = text.length;
  text += `xref\n0 6\n0000000000 65535 f \n${offsets.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('')}trailer << /Size 6 /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  return text;
}

async function opened(options = {}, person = {}) {
  const sent = await mailed(world, options);
  const who = await Person.at(browser, world, sent.link, person);
  await who.openWithPassword();
  await who.heading(options.subject ?? 'Your results').waitFor();
  return Object.assign(who, sent);
}

async function saved(person, press) {
  const [download] = await Promise.all([person.page.waitForEvent('download'), press()]);
  const file = world.path('saved', `${Math.random()}`, download.suggestedFilename());
  await download.saveAs(file);
  return { file, name: download.suggestedFilename() };
}

// The reply, as its sender reads it; its attachments are in `folder`.
async function repliedTo(person, folder) {
  const { replies } = await until('the reply in the list', async () => {
    const shown = await act.show(world, person.message);
    return shown.replies?.length ? shown : null;
  });
  return world.cli('sender', ['read', replies[0].message, '--save-to', folder]);
}

test('subject, body and attachments are shown; a link says where it leads and leaves nothing behind', async () => {
  const person = await opened({ subject: 'Uitslag van uw onderzoek', body: BODY, attach: [world.file('files/brief.pdf', pdf()), world.file('files/foto.png', PNG), act.makeFile(world, 'gegevens.xyz', 12_345), act.makeFile(world, 'setup.exe', 10)] });
  await person.page.getByRole('heading', { name: 'Bijlagen (4)' }).waitFor();
  await person.looksRight('message');

  const body = person.page.locator('.formatted');
  assert.equal(await body.locator('strong').first().textContent(), 'uitslag');
  assert.equal(await body.locator('em').first().textContent(), 'goed');
  assert.equal(await body.locator('ul > li').count(), 2);
  assert.equal(await body.locator('ol > li').count(), 2);
  const links = await body.locator('a').evaluateAll((all) => all.map((each) => [each.href, each.target, each.rel]));
  assert.deepEqual(links, ['https://clinic.example/uitslag', 'https://www.clinic.example/', 'tel:+31201234567'].map((href) => [href, '_blank', 'noopener noreferrer']));
  await person.page.getByText('(www.clinic.example)').waitFor();
  assert.equal(await person.page.title(), 'Beveiligd bericht - Clinic West');
  await person.page.getByText('Dit soort bestand kan schade doen.').waitFor();
  await person.leave();
});

test('an attachment is saved whole, under its name', async () => {
  const original = act.makeFile(world, 'gegevens.bin', 3_000_000);
  const person = await opened({ attach: [original] }, { language: 'en' });

  const { file, name } = await saved(person, () => person.button('Download \u2068gegevens.bin\u2069').click());

  assert.equal(name, 'gegevens.bin');
  assert.equal(act.sha256(file), act.sha256(original));
  await person.page.getByText('Complete and checked.').waitFor();
  await person.looksRight('attachment-saved');
  await person.leave();
});

test('an image is shown in the page, and a PDF in a tab of its own, by what their first bytes say', async () => {
  const html = '<html><script>alert(1)</script></html>';
  const person = await opened({ attach: [world.file('files/foto.png', PNG), world.file('files/brief.pdf', pdf()), world.file('files/namaak.png', html), world.file('files/kapot.png', PNG.subarray(0, 20))] });
  const view = (name) => person.button(`\u2068${name}\u2069 bekijken`);
  await person.page.evaluate(() => {
    globalThis.blobs = {};
    const real = URL.createObjectURL;
    URL.createObjectURL = (blob) => {
      const address = real(blob);
      void blob.text().then((text) => (globalThis.blobs[address] = { type: blob.type, text }));
      return address;
    };
  });

  await view('foto.png').click();
  const image = person.page.getByRole('img', { name: 'foto.png' });
  await image.waitFor();
  await until('the image to be drawn', () => image.evaluate((each) => each.complete && each.naturalWidth === 10));
  await view('namaak.png').click();
  await person.page.locator('.files__item', { hasText: 'namaak.png' }).getByText('Compleet en gecontroleerd.').waitFor();
  assert.equal(await view('namaak.png').count(), 0);
  await view('kapot.png').click();
  await person.page.getByText('Deze afbeelding kan niet worden getoond.').waitFor();
  await view('brief.pdf').click();
  const link = person.page.getByRole('link', { name: '\u2068brief.pdf\u2069 openen in een nieuw tabblad' });
  await link.waitFor();
  await until('the focus to be on it', () => link.evaluate((each) => each === document.activeElement));
  await person.looksRight('previews');

  // Not even the page itself may fetch it: what it is, it was said when it was made.
  const address = await link.getAttribute('href');
  const refused = await person.page.evaluate((blob) => fetch(blob).then(() => 'fetched', (error) => error.name), address);
  assert.equal(refused, 'TypeError');
  await until('that to be told', () => person.faults.violations.length > 0);
  assert.match(person.faults.violations.splice(0).join(), /^connect-src: blob /);
  assert.deepEqual(await person.page.evaluate((blob) => globalThis.blobs[blob], address), { type: 'application/pdf', text: pdf() });

  assert.equal(await link.getAttribute('rel'), 'noopener noreferrer');
  const [tab] = await Promise.all([person.context.waitForEvent('page'), link.click()]);
  await tab.waitForLoadState();
  assert.equal(tab.url(), address);
  assert.deepEqual(await tab.evaluate(() => [document.contentType, globalThis.opener]), ['application/pdf', null]);
  fs.mkdirSync(OUTPUT, { recursive: true });
  await tab.screenshot({ path: path.join(OUTPUT, 'recipient-pdf-tab.png') });
  await person.leave();
});

test('a reply with attachments reaches the sender, and stands below the message', async () => {
  const photo = world.file('files/foto.png', PNG);
  const large = act.makeFile(world, 'scan.bin', 6_000_000);
  const person = await opened({ subject: 'Vraag' });
  await person.button(person.t.reply).click();
  await until('the focus to be in the text', () => person.field(person.t.yourMessage).evaluate((field) => field === document.activeElement));
  await person.page.getByText('Per bestand hooguit 50 MB, en hooguit 100 bestanden.').waitFor();
  await person.page.getByText('Houd dit tabblad open tot uw antwoord is verstuurd: als u het sluit, begint u opnieuw.').waitFor();
  await person.button(person.t.send).click();
  await person.page.getByText('Schrijf iets, of voeg een bijlage toe.').waitFor();
  await person.looksRight('reply-empty');

  await person.field(person.t.yourMessage).fill('Dank u wel.\n\n- **groet**');
  await person.page.locator('input[type=file]').setInputFiles([photo, large]);
  await until('both to be sent', async () => (await person.page.getByText('Klaar.').count()) === 2);
  await person.looksRight('reply-written');
  await person.button(person.t.send).click();
  await person.heading(person.t.replySent).waitFor();
  assert.match(await person.focused(), /Uw antwoord is verstuurd/);
  await person.looksRight('reply-sent');

  const folder = world.path('reply');
  const read = await repliedTo(person, folder);
  assert.equal(read.json.body, 'Dank u wel.\n\n- **groet**');
  assert.equal(read.json.subject, 'Re: Vraag');
  assert.equal(act.sha256(path.join(folder, 'scan.bin')), act.sha256(large));
  assert.equal(act.sha256(path.join(folder, 'foto.png')), act.sha256(photo));

  const conversation = person.page.getByRole('region', { name: 'Het gesprek' });
  await conversation.getByText('groet').waitFor();
  await reload(person.page);
  await conversation.getByRole('button', { name: /^Toon uw antwoord van/ }).click();
  await conversation.getByText('groet').waitFor();
  await person.leave();
});

test('files given before the server let the reply begin wait for it, also where that fails at first', async () => {
  const person = await opened({ subject: 'Vroeg' });
  const address = '**/api/v1/sealed/reply_compose';
  let letGo;
  const held = new Promise((resolve) => { letGo = resolve; });
  await person.page.route(address, async (route) => {
    await held;
    await route.abort();
  });
  await person.button(person.t.reply).click();
  await person.page.locator('input[type=file]').setInputFiles([world.file('files/vroeg.png', PNG), act.makeFile(world, 'te_groot.bin', 50_000_001)]);
  await person.page.getByText('Nog niet geüpload.').first().waitFor();
  await person.looksRight('reply-begins');

  letGo();
  await person.page.getByText('Bijlagen toevoegen lukt nu niet.').waitFor();
  await person.looksRight('reply-without-files', { errors: [REFUSED] });
  await person.page.unroute(address);
  await person.button(person.t.again).click();
  await person.page.getByText('\u2068te_groot.bin\u2069 is te groot: hooguit 50 MB per bestand.').waitFor();
  await person.page.getByText('Klaar.').waitFor();

  await person.button(person.t.send).click();
  await person.heading(person.t.replySent).waitFor();
  const read = await repliedTo(person, world.path('early'));
  assert.deepEqual(read.json.attachments.map((each) => each.name), ['vroeg.png']);
  await person.leave();
});

test('what is thrown away while the server lets the reply begin stays away', async () => {
  const person = await opened({ subject: 'Weg' }, { language: 'en' });
  const address = '**/api/v1/sealed/reply_compose';
  let letGo;
  const held = new Promise((resolve) => { letGo = resolve; });
  await person.page.route(address, async (route) => {
    await held;
    await route.continue();
  });
  await person.button(person.t.reply).click();
  await person.field(person.t.yourMessage).fill('Never mind.');
  await person.button('Discard').click();
  await person.page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click();
  const begun = person.page.waitForResponse(address);
  letGo();
  await begun;

  await reload(person.page);
  await person.button(person.t.reply).click();
  assert.equal(await person.field(person.t.yourMessage).inputValue(), '');
  await person.leave();
});

test('files are dropped, paused, resumed, removed and refused when they are too large', async () => {
  const person = await opened({ subject: 'Files' }, { language: 'en' });
  const session = await person.context.newCDPSession(person.page);
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 500_000 });
  await person.button(person.t.reply).click();
  await person.page.getByText('At most 50 MB a file').waitFor();
  const drop = (files) =>
    person.page.locator('.files-field').evaluate((field, list) => {
      const dataTransfer = new DataTransfer();
      for (const [name, size] of list) dataTransfer.items.add(new File([new Uint8Array(size)], name));
      field.dispatchEvent(new DragEvent('dragover', { dataTransfer, bubbles: true, cancelable: true }));
      field.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    }, files);

  await drop([['large.bin', 50_000_001], ['slow.bin', 20_000_000], ['small.txt', 10]]);
  await person.page.getByText('\u2068large.bin\u2069 is too large: at most 50 MB a file.').waitFor();
  await person.button('Pause \u2068slow.bin\u2069').click();
  await person.page.getByText('Paused.').waitFor();
  await person.looksRight('reply-paused');
  await person.button('Remove \u2068small.txt\u2069').click();
  await until('the file to be gone', async () => (await person.page.getByText('small.txt').count()) === 0);
  await session.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
  await person.button('Resume \u2068slow.bin\u2069').click();
  await person.page.getByText('Ready.').waitFor({ timeout: 50_000 }); // less than the idle timeout of the cut connection

  await person.button(person.t.send).click();
  await person.heading(person.t.replySent).waitFor();
  const read = await repliedTo(person, world.path('dropped'));
  assert.deepEqual(read.json.attachments.map((each) => each.name), ['slow.bin']);
  assert.equal(fs.statSync(world.path('dropped', 'slow.bin')).size, 20_000_000);
  await person.leave();
});

test('what was typed survives a reload, asks before leaving, and is thrown away only when somebody says so', async () => {
  const person = await opened({ subject: 'Typed' }, { language: 'en' });
  await person.button(person.t.reply).click();
  await person.field(person.t.yourMessage).fill('Half a thought');
  const isAsked = () => person.page.evaluate(() => !dispatchEvent(new Event('beforeunload', { cancelable: true })));
  await until('leaving to be asked', isAsked);

  await reload(person.page);
  await person.page.getByText('Your text was kept.').waitFor();
  assert.equal(await person.field(person.t.yourMessage).inputValue(), 'Half a thought');

  await person.button(person.t.signOut).click();
  await person.page.getByRole('dialog').waitFor();
  await person.looksRight('sign-out-asks');
  await person.page.keyboard.press('Escape');
  await person.button('Discard').click();
  await person.looksRight('discard-asks');
  await person.page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click();
  assert.equal(await person.field(person.t.yourMessage).count(), 0);
  await until('leaving no longer to be asked', async () => !(await isAsked()));
  await reload(person.page);
  await person.heading('Typed').waitFor();
  assert.equal(await person.field(person.t.yourMessage).count(), 0);
  await person.leave();
});

test('a reload uses the reply that was begun again, with its uploads; ten that are begun elsewhere are said, and one is sent all the same', async () => {
  const person = await opened({ subject: 'Begun' }, { language: 'en' });
  const begun = () => Number(world.sql(`SELECT count(*) FROM vault.begun_answer JOIN vault.link USING (link) WHERE vault.link.message = '\\x${person.message}'`)[0][0]);
  await person.button(person.t.reply).click();
  await person.page.getByText('At most 50 MB a file').waitFor();
  await person.page.locator('input[type=file]').setInputFiles(act.makeFile(world, 'first.bin', 300_000));
  await person.page.getByText('Ready.').waitFor();
  await person.field(person.t.yourMessage).fill('Begun twice');
  await reload(person.page);
  await person.page.getByText('At most 50 MB a file').waitFor();
  await person.page.locator('input[type=file]').setInputFiles(act.makeFile(world, 'second.bin', 300_000));
  await person.page.getByText('Ready.').waitFor();
  assert.equal(begun(), 1);

  world.sql(`INSERT INTO vault.begun_answer SELECT decode(md5(n::text || random()::text), 'hex'), link, clock.now_ms() + 3600000 FROM vault.link, generate_series(1, 10) AS n WHERE message = '\\x${person.message}'`);
  const other = await Person.at(browser, world, person.link, { language: 'en' });
  await other.openWithPassword();
  await other.button(other.t.reply).click();
  await other.page.getByText('You have begun ten answers to this message').waitFor();
  await other.looksRight('begun-too-many', { errors: [REFUSED] });
  await other.leave();

  await person.button(person.t.send).click();
  await person.heading(person.t.replySent).waitFor();
  assert.equal(begun(), 10, 'what was sent is given back');
  await repliedTo(person, world.path('begun'));
  assert.deepEqual(fs.readdirSync(world.path('begun')), ['second.bin']);
  await person.leave();
});

test('a session that ended in the middle of a reply asks for a proof, and the reply goes out', async () => {
  const person = await opened({ subject: 'Lid' }, { language: 'en' });
  await person.button(person.t.reply).click();
  await person.field(person.t.yourMessage).fill('Written with the lid closed for an hour');
  await person.page.getByText('At most 50 MB a file').waitFor();
  await world.moveClock(60 * 60_000);

  await person.button(person.t.send).click();
  await person.page.getByRole('dialog', { name: 'Show once more that it is you' }).waitFor();
  await person.looksRight('prove-again', { errors: [REFUSED] });
  await person.field(person.t.password).fill(PASSWORD);
  await person.button('Go on').click();

  await person.heading(person.t.replySent).waitFor();
  await person.leave();
});

test('a copy of everything is one file that other programs read', async () => {
  const scan = act.makeFile(world, 'scan.bin', 2_000_000);
  const person = await opened({ subject: 'Uitslag', body: BODY, attach: [scan, world.file('files/foto.png', PNG)] });
  await person.button(person.t.reply).click();
  await person.field(person.t.yourMessage).fill('Mijn antwoord');
  await person.button(person.t.send).click();
  await person.heading(person.t.replySent).waitFor();

  const { file, name } = await saved(person, () => person.button(person.t.copy).click());

  await person.page.getByText('Uw kopie staat bij uw downloads').waitFor();
  assert.equal(await person.focused(), person.t.copy);
  await person.looksRight('copy-saved');
  assert.match(name, /^beveiligd-bericht-\d{4}-\d\d-\d\d\.zip$/);
  const folder = world.path('copy');
  execFileSync('python3', ['-c', 'import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; z.extractall(sys.argv[2])', file, folder]);
  assert.equal(act.sha256(path.join(folder, 'bijlagen', 'scan.bin')), act.sha256(scan));
  const text = fs.readFileSync(path.join(folder, 'bericht.txt'), 'utf8');
  for (const part of ['Uitslag', 'Van: Dr. Ada Sender', 'Organisatie: Clinic West', 'De **uitslag** is *goed*', 'foto.png', 'Mijn antwoord', '\r\n']) assert.ok(text.includes(part), part);
  await person.leave();
});

test('on paper stand the message and its facts, and no button', async () => {
  const person = await opened({ subject: 'Op papier', body: BODY, attach: [world.file('files/foto.png', PNG)] });
  await person.page.emulateMedia({ media: 'print' });
  for (const shown of ['Op papier', 'Dr. Ada Sender', 'foto.png', 'balie 3']) assert.ok(await person.page.getByText(shown).first().isVisible(), shown);
  for (const hidden of [person.t.reply, 'Afdrukken', person.t.signOut, 'English']) assert.equal(await person.button(hidden).count(), 0, hidden);
  await person.page.pdf({ path: path.join(OUTPUT, 'recipient-print.pdf') });
  await person.page.screenshot({ path: path.join(OUTPUT, 'recipient-print.png'), fullPage: true });
  await person.leave();
});

test('signing out leaves nothing in the tab, and ends the session on the server', async () => {
  const person = await opened({ subject: 'Weg ermee' });
  await person.page.waitForLoadState('networkidle'); // the conversation is asked for by itself, and would be refused behind this
  await person.button(person.t.signOut).click();
  await person.heading(person.t.signedOut).waitFor();
  await person.looksRight('signed-out');

  await until('the log says so', async () => act.kindsOf(await act.log(world), person.message).includes('signed-out'));
  const kept = await person.page.evaluate(() => [Object.keys(sessionStorage), Object.keys(localStorage)]);
  assert.deepEqual(kept, [[], ['securemail.language']]);
  assert.equal(await person.page.getByText('Weg ermee').count(), 0);
  await reload(person.page);
  await person.heading('De link is niet compleet').waitFor();
  await person.looksRight('no-link');
  assert.equal(await person.page.context().cookies().then((all) => all.length), 0);
  await person.leave();
});

