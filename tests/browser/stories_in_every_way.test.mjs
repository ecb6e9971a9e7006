// The stories of Secure Mail that people live, each in every language, at every width and with every hand: four ways
// that have each pair of these between them. What differs in detail is tested elsewhere; here a story has an end.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';

import * as act from '../system/support/actions.mjs';
import { until } from '../system/support/world.mjs';
import { BOSS } from './support/admin.mjs';
import { NARROW, WIDE, openPerson, visit } from './support/browser.mjs';
import { Hands } from './support/hands.mjs';
import { SENDER } from './support/office.mjs';
import { LOCALES, Person, REFUSED } from './support/recipient.mjs';
import { onStage } from './support/stage.mjs';
import { OFFICE_WORDS } from './support/words.mjs';

const WAYS = [
  { name: 'English, wide, mouse', language: 'en', viewport: WIDE, hand: 'mouse' },
  { name: 'English, narrow, keyboard', language: 'en', viewport: NARROW, hand: 'keyboard' },
  { name: 'Dutch, wide, keyboard', language: 'nl', viewport: WIDE, hand: 'keyboard' },
  { name: 'Dutch, narrow, finger', language: 'nl', viewport: NARROW, hand: 'finger', hasTouch: true },
];
const UNDO_MS = 15_000; // that the pages ask for, at the most
const PASSWORD = 'purple-otter-42';

let world;
let browser;

onStage((stage) => ({ world, browser } = stage));

// --- people ---

let made = 0;
const address = () => `person${++made}@recipient.example`;

async function worker({ language, viewport, hand, hasTouch = false }, { email, password } = SENDER, at = '/') {
  const person = await openPerson(browser, world, { locale: LOCALES[language], viewport, hasTouch });
  const t = OFFICE_WORDS[language];
  const hands = new Hands(person.page, hand);
  await visit(person.page, `${world.stack.url}${at}`);
  await hands.fill(t.email, email);
  await hands.fill(t.password, password);
  await hands.button(t.signIn);
  await person.page.getByRole('button', { name: t.signOut }).waitFor();
  return Object.assign(person, { t, hands });
}

async function recipient({ language, viewport, hand, hasTouch = false }, link) {
  const person = await Person.at(browser, world, link, { language, viewport, hasTouch });
  return Object.assign(person, { hands: new Hands(person.page, hand) });
}

const heading = (person, name) => person.page.getByRole('heading', { name, exact: true }).waitFor();
const text = (person, words) => person.page.getByText(words).first().waitFor();

/** To the end of a story: nothing was violated, asked of others or said by the browser but what is `expected`. */
async function leave(person, expected = []) {
  const errors = person.faults.errors.filter((each) => !expected.some((one) => one.test(each)));
  assert.deepEqual({ ...person.faults, errors }, { violations: [], foreign: [], errors: [] });
  assert.ok(await person.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'it is not wider than the window');
  await person.context.close();
}

async function write(sender, { to, subject, body, password = PASSWORD, file }) {
  const { hands, t } = sender;
  await hands.link(t.newMessage);
  await hands.fill(t.to, to);
  await sender.page.keyboard.press('Enter');
  await hands.fill(t.subject, subject);
  await hands.fill(t.message, body);
  await hands.pick('radio', t.passwordCheck);
  await hands.fill(t.passwordFor, password);
  await hands.pick('radio', t.day);
  if (!file) return;
  await hands.choose(t.chooseFiles, file);
  await sender.page.getByText(t.ready, { exact: true }).waitFor();
}

async function send(sender) {
  const { hands, t } = sender;
  await hands.button(t.next);
  await heading(sender, t.isRight);
  await hands.button(t.send);
  await heading(sender, t.sent);
}

async function toMessages(sender) {
  await sender.hands.link(sender.t.messages, sender.page.getByRole('navigation'));
  await heading(sender, sender.t.messages);
}

async function toMessage(sender, subject) {
  await toMessages(sender);
  await sender.hands.link(subject);
  await heading(sender, subject);
}

async function opened(person, subject, password = PASSWORD) {
  await person.hands.fill(person.t.password, password);
  await person.hands.button(person.t.open);
  await heading(person, subject);
}

// Looks again until it is there: what others do arrives when it arrives.
const untilShown = (sender, what, locator) =>
  until(what, async () => {
    if (await locator.count()) return true;
    await sender.hands.button(sender.t.refresh);
    await sender.page.waitForTimeout(200);
    return (await locator.count()) > 0;
  });

const part = (sender, who) => sender.page.getByRole('listitem').filter({ has: sender.page.getByRole('heading', { name: who, exact: true }) });

// --- the stories ---

const STORIES = {
  async 'a message with a file is sent, opened, answered, and the answer answered'(way) {
    const subject = `Uitslag ${made}`;
    const [to, other] = [address(), address()];
    const file = world.file(`files/${made}/waarden.txt`, 'alles goed');
    const sender = await worker(way);
    const { hands, t, page } = sender;
    await write(sender, { to: `${to}, ${other}`, subject, body: 'Goed nieuws.', file });
    await hands.pick('checkbox', t.ownChecks);
    const checkFor = (who) => page.getByRole('group', { name: t.checkFor(who) });
    await hands.fill(t.passwordFor, PASSWORD, checkFor(to));
    await hands.select(t.how, t.codeCheck, checkFor(other));
    await send(sender);
    await world.moveClock(UNDO_MS);

    const one = await recipient(way, await world.linkFor(to));
    await opened(one, subject);
    const download = await one.hands.saved(() => one.hands.button(t.download('\u2068waarden.txt\u2069')));
    assert.equal(fs.readFileSync(await download.path(), 'utf8'), 'alles goed');
    await one.hands.button(one.t.reply);
    await one.hands.fill(one.t.yourMessage, 'Dank u wel.');
    await one.hands.button(one.t.send);
    await heading(one, one.t.replySent);
    await one.hands.button(one.t.signOut);
    await heading(one, one.t.signedOut);
    await leave(one);

    const two = await recipient(way, await world.linkFor(other));
    await two.hands.button(two.t.sendCode);
    await two.hands.fill(two.t.code, await world.codeFor(other));
    await two.hands.button(two.t.open);
    await heading(two, subject);
    await leave(two);

    await toMessages(sender);
    await hands.fill(t.search, subject);
    await text(sender, t.found);
    await hands.link(subject);
    await untilShown(sender, 'the reply', page.getByRole('button', { name: t.readReply }));
    await hands.button(t.readReply);
    await text(sender, 'Dank u wel.');
    await hands.button(t.answer);
    await hands.fill(t.message, 'Tot maandag.');
    await hands.fill(t.passwordFor, PASSWORD);
    await send(sender);
    await world.moveClock(UNDO_MS);
    await hands.link(t.follow);
    await heading(sender, `Re: ${subject}`);
    await hands.button(t.signOut);
    await page.getByRole('button', { name: t.signIn }).waitFor();
    await leave(sender);
    const links = await until('both links', () => {
      const all = [...new Set(world.mails.filter((mail) => mail.to === to && mail.link).map((mail) => mail.link))];
      return all.length === 2 && all;
    });
    assert.equal((await act.open(world, links[1], { password: PASSWORD })).json.body, 'Tot maandag.');
  },

  async 'what was sent too soon is taken back, and nobody gets a mail'(way) {
    const to = address();
    const sender = await worker(way);
    const { hands, t, page } = sender;
    await write(sender, { to, subject: 'Te vroeg', body: 'Nog niet.' });
    await send(sender);
    await hands.button(t.undo);
    await text(sender, t.takenBack);
    assert.equal(await page.getByLabel(t.message, { exact: true }).inputValue(), 'Nog niet.');
    await send(sender); // had the first one's mail only been late, there were two
    await world.moveClock(UNDO_MS);
    await world.linkFor(to);
    assert.equal(world.mails.filter((mail) => mail.to === to).length, 1);
    await leave(sender);
  },

  async 'nobody sees what is another one\'s'(way) {
    const [to, other] = [address(), address()];
    await act.send(world, { to, subject: 'Voor u', password: PASSWORD });
    await act.send(world, { to: other, subject: 'Voor een ander', password: 'another-secret-7' });
    const person = await recipient(way, await world.linkFor(other));
    await person.hands.fill(person.t.password, PASSWORD);
    await person.hands.button(person.t.open);
    await text(person, way.language === 'nl' ? 'Dit wachtwoord klopt niet. U hebt nog 4 pogingen.' : 'That password is not right. You have 4 attempts left.');
    await opened(person, 'Voor een ander', 'another-secret-7');
    assert.equal(await person.page.getByText('Voor u').count(), 0);
    await leave(person, [REFUSED]);

    const home = `colleague${made}`;
    await world.makeUser(home, `${home}@clinic.example`, 'Col League', 'sender');
    const colleague = await worker(way, { email: `${home}@clinic.example`, password: `password-of-${home}` });
    await text(colleague, colleague.t.emptyList);
    await leave(colleague);
  },

  async 'five wrong passwords close it, and the sender opens it again'(way) {
    const to = address();
    const subject = `Gesloten ${made}`;
    await act.send(world, { to, subject, password: PASSWORD });
    const person = await recipient(way, await world.linkFor(to));
    for (let attempt = 1; attempt <= 5; attempt++) {
      await person.hands.fill(person.t.password, `wrong-password-${attempt}`);
      await person.hands.button(person.t.open);
      await (attempt === 5 ? heading(person, person.t.locked) : text(person, new RegExp(`\\b${5 - attempt} (pogingen|poging|attempts?)`)));
    }
    const sender = await worker(way);
    await toMessage(sender, subject);
    await untilShown(sender, 'the lock', part(sender, to).getByText(sender.t.locked));
    await sender.hands.button(sender.t.unlockFor(to));
    await text(sender, sender.t.unlocked(to));
    await leave(sender);
    await visit(person.page, await world.linkFor(to));
    await opened(person, subject);
    await leave(person, [REFUSED]);
  },

  async 'a message is revoked for one, for all, and deleted'(way) {
    const [to, other] = [address(), address()];
    const subject = `Ingetrokken ${made}`;
    await act.send(world, { to: [to, other], subject, password: PASSWORD });
    const links = [await world.linkFor(to), await world.linkFor(other)];
    const sender = await worker(way);
    const { hands, t, page } = sender;
    const dialog = page.getByRole('dialog');
    const showsGone = async (link) => {
      const person = await recipient(way, link);
      await heading(person, person.t.gone);
      await leave(person, [REFUSED]);
    };
    await toMessage(sender, subject);
    await hands.button(t.revokeFor(to));
    await hands.button(t.revoke, dialog);
    await untilShown(sender, 'one is revoked', part(sender, to).getByText(t.revoked, { exact: true }));
    await showsGone(links[0]);
    await act.open(world, links[1], { password: PASSWORD });
    await hands.button(t.revokeAll);
    await hands.button(t.revoke, dialog);
    await untilShown(sender, 'all are revoked', part(sender, other).getByText(t.revoked, { exact: true }));
    await showsGone(links[1]);
    await hands.button(t.delete);
    await hands.button(t.delete, dialog);
    await heading(sender, t.deleted);
    await toMessages(sender);
    assert.equal(await page.getByRole('link', { name: subject, exact: true }).count(), 0);
    await leave(sender);
  },

  async 'a server that is away loses nothing: it is said, and trying again works'(way) {
    const to = address();
    const subject = `Storing ${made}`;
    await act.send(world, { to, subject, password: PASSWORD });
    const person = await recipient(way, await world.linkFor(to));
    await person.hands.fill(person.t.password, PASSWORD);
    await world.stack.killService('gateway');
    await person.hands.button(person.t.open);
    await text(person, person.t.away);
    await world.stack.startService('gateway');
    assert.equal(await person.page.getByLabel(person.t.password, { exact: true }).inputValue(), PASSWORD);
    await person.hands.button(person.t.open);
    await heading(person, subject);
    await leave(person, [/net::ERR_/, REFUSED]);
  },

  async 'an administrator invites somebody, changes the policy, and closes the account again'(way) {
    const email = `new${++made}@clinic.example`;
    const name = `Nieuw ${made}`;
    const boss = await worker(way, BOSS, '/admin');
    const { hands, t, page } = boss;
    const sections = page.getByRole('navigation', { name: t.administration });
    await hands.link(t.invite);
    await hands.fill(t.email, email);
    await hands.fill(t.name, name);
    await hands.pick('radio', t.handOver);
    await hands.button(t.create);
    const link = (await page.getByRole('group', { name: t.linkFor(name) }).textContent()).trim();

    const person = await openPerson(browser, world, { locale: LOCALES[way.language], viewport: way.viewport, hasTouch: way.hasTouch ?? false });
    const his = new Hands(person.page, way.hand);
    await visit(person.page, link);
    await his.fill(t.newPassword, 'purple-otter-sings');
    await his.button(t.setPassword);
    await his.link(t.toSignIn);
    await his.fill(t.email, email);
    await his.fill(t.password, 'purple-otter-sings');
    await his.button(t.signIn);
    await text(person, t.emptyList);
    await leave(person);

    await hands.link(t.policy, sections);
    await heading(boss, t.policy);
    const days = page.getByRole('checkbox', { name: t.days30, exact: true });
    const before = await days.isChecked();
    await hands.pick('checkbox', t.days30);
    await hands.button(t.lookAtChanges);
    await hands.button(t.changePolicy, page.getByRole('dialog'));
    await text(boss, t.saved);
    assert.equal(await days.isChecked(), !before);

    await hands.link(t.users, sections);
    await hands.link(name);
    await hands.button(t.disable);
    await hands.button(t.disable, page.getByRole('dialog'));
    await text(boss, t.disabled);
    await leave(boss);
  },

  async 'the log is read, checked and exported, and the verifier says the same'(way) {
    const to = address();
    await act.send(world, { to, password: PASSWORD });
    await act.open(world, await world.linkFor(to), { password: PASSWORD });
    const boss = await worker(way, BOSS, '/admin#log');
    const { hands, t, page } = boss;
    await hands.fill(t.person, to);
    await hands.button(t.find);
    await until('his entries alone', async () => (await page.locator('.log__title').filter({ hasText: t.opened }).count()) === 1);
    await hands.button(t.checkNow);
    await text(boss, t.checkGood);
    const download = await hands.saved(() => hands.button(t.exportLog));
    await text(boss, t.exported);
    const verdict = await world.run('securemail-verify', [await download.path(), '--json']);
    assert.equal(verdict.json.verified, true);
    await leave(boss);
  },
};

for (const [name, story] of Object.entries(STORIES)) for (const way of WAYS) test(`${name} (${way.name})`, () => story(way));
