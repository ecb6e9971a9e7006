// A recipient at his link, as a person: what he sees, presses and types, in his language.

import assert from 'node:assert/strict';

import * as act from '../../system/support/actions.mjs';
import { NARROW, WIDE, accessibilityFaults, chooseLanguage, openPerson, picture, visit } from './browser.mjs';

export const LOCALES = { nl: 'nl-NL', en: 'en-GB' };
export const PASSWORD = 'correct-horse';

/** What stands on the buttons and fields that the tests use. */
export const WORDS = {
  nl: {
    password: 'Wachtwoord', code: 'Code uit de e-mail', open: 'Bericht openen', sendCode: 'Stuur code', resend: 'Stuur een nieuwe code', how: 'Zo opent u het bericht',
    gone: 'Dit bericht is niet meer beschikbaar', locked: 'Even gesloten', frozen: 'Gesloten tot de afzender het weer opent', reply: 'Beantwoorden', yourMessage: 'Uw bericht',
    send: 'Antwoord versturen', replySent: 'Uw antwoord is verstuurd', signOut: 'Afmelden', signedOut: 'U bent afgemeld', copy: 'Kopie bewaren', away: 'De server is niet bereikbaar', again: 'Opnieuw proberen',
  },
  en: {
    password: 'Password', code: 'Code from the e-mail', open: 'Open message', sendCode: 'Send code', resend: 'Send a new code', how: 'How to open the message',
    gone: 'This message is no longer available', locked: 'Closed for a moment', frozen: 'Closed until the sender opens it again', reply: 'Reply', yourMessage: 'Your message',
    send: 'Send reply', replySent: 'Your reply was sent', signOut: 'Sign out', signedOut: 'You have signed out', copy: 'Save a copy', away: 'The server cannot be reached', again: 'Try again',
  },
};

// Pairwise: each state is seen in each language and at each width, and half of the states in each of
// the two ways to combine them; its name decides which.
const PAIRS = [
  [['nl', NARROW], ['en', WIDE]],
  [['nl', WIDE], ['en', NARROW]],
];
const pairsOf = (name) => PAIRS[[...name].reduce((sum, sign) => sum + sign.charCodeAt(0), 0) % 2];

/** A fresh message to somebody, and his link. */
export async function mailed(world, options = {}) {
  const to = options.to ?? `r${Math.random().toString(36).slice(2, 10)}@recipient.example`;
  const sent = await act.send(world, { password: PASSWORD, ...options, to });
  return { to, message: sent.message, link: await act.linkOf(world, to) };
}

export class Person {
  static async at(browser, world, link, { language = 'nl', ...more } = {}) {
    const person = Object.assign(new Person(), await openPerson(browser, world, { locale: LOCALES[language], ...more }));
    // The message's own language would win from the browser's; a person's choice wins from both.
    await person.context.addInitScript((chosen) => {
      if (location.protocol.startsWith('http')) localStorage.setItem('securemail.language', chosen);
    }, language);
    person.t = WORDS[language];
    person.language = language;
    await visit(person.page, link);
    return person;
  }

  heading(name) {
    return this.page.getByRole('heading', { name });
  }

  button(name) {
    return this.page.getByRole('button', { name, exact: true });
  }

  field(label) {
    return this.page.getByLabel(label, { exact: true });
  }

  async openWithPassword(password = PASSWORD) {
    await this.field(this.t.password).fill(password);
    await this.button(this.t.open).click();
  }

  /** Kept as a picture in both languages and at both widths, without any fault; left as it was. */
  async looksRight(name, { errors = [] } = {}) {
    const before = this.page.viewportSize();
    for (const [language, viewport] of pairsOf(name)) {
      await chooseLanguage(this.page, language);
      assert.deepEqual(await picture(this.page, `recipient-${name}-${language}`, viewport), []);
      if (language === this.language) assert.deepEqual(await accessibilityFaults(this.page), []);
    }
    await chooseLanguage(this.page, this.language);
    await this.page.setViewportSize(before);
    const unexpected = this.faults.errors.filter((each) => !errors.some((expected) => expected.test(each)));
    assert.deepEqual({ ...this.faults, errors: unexpected }, { violations: [], foreign: [], errors: [] });
  }

  async focused() {
    return this.page.evaluate(() => document.activeElement?.textContent ?? '');
  }

  leave() {
    return this.context.close();
  }
}

/** Chromium's own word for a refused sealed call. */
export const REFUSED = /Failed to load resource/;
