// What a service noted beside an event, in the reader's language. The log keeps the service's own
// English words for good; what is not known here is shown as it stands there.

import type { Language } from '../../ui/language';

type Say = (...found: string[]) => string;

const METHODS: Record<string, [string, string]> = {
  password: ['password', 'wachtwoord'],
  code: ['code by e-mail', 'code per e-mail'],
  'password-and-code': ['password and code', 'wachtwoord en code'],
};

/** Exactly these words: English for people, Dutch. */
const WORDS: Record<string, [string, string]> = {
  ...METHODS,
  'with a link': ['with a link', 'met een link'],
  'wrong password': ['wrong password', 'verkeerd wachtwoord'],
  'wrong code': ['wrong code', 'verkeerde code'],
  'wrong first code': ['wrong first code', 'verkeerde eerste code'],
  'disabled account': ['the account is disabled', 'het account is uitgeschakeld'],
  expired: ['expired', 'verlopen'],
  deleted: ['deleted by the sender', 'verwijderd door de afzender'],
  'again after a restore': ['again after a restore', 'opnieuw na het terugzetten van een back-up'],
  'account row': ['the row of an account', 'de regel van een account'],
  'link row': ['the row of a link', 'de regel van een link'],
  'message row': ['the row of a message', 'de regel van een bericht'],
  'organisation row': ['the row of the organisation', 'de regel van de organisatie'],
  'The organisation does not allow this identity check.': ['This way to prove who one is is not allowed.', 'Deze manier om te laten zien wie men is, is niet toegestaan.'],
  'The organisation does not allow messages to live that long.': ['A message may not be open for so long.', 'Een bericht mag niet zo lang te openen zijn.'],
  'The organisation does not allow so many recipients.': ['Too many recipients.', 'Te veel ontvangers.'],
  'The organisation does not allow so many attachments.': ['Too many attachments.', 'Te veel bijlagen.'],
  "The organisation's storage is full.": ['The organisation’s storage is full.', 'De opslag van de organisatie is vol.'],
};

/** What e-mail it was. */
const LETTERS: Record<string, [string, string]> = {
  notice: ['with the link', 'met de link'],
  code: ['with a code', 'met een code'],
  reply: ['about a reply', 'over een antwoord'],
  locked: ['about a lock', 'over een blokkering'],
  reset: ['to set a password', 'om een wachtwoord in te stellen'],
};

/** Names of what was changed, as the services list them. */
const NAMES: Record<string, [string, string]> = {
  methods: ['ways', 'manieren'],
  floor: ['minimum level', 'minimumniveau'],
  lifetimes: ['lifetimes', 'termijnen'],
  'preset method': ['preset way', 'vooraf ingevulde manier'],
  'preset days': ['preset days', 'vooraf ingevulde dagen'],
  recipients: ['recipients', 'ontvangers'],
  attachments: ['attachments', 'bijlagen'],
  name: ['name', 'naam'],
  colour: ['colour', 'kleur'],
  language: ['language', 'taal'],
  'sender name': ['sender’s name', 'afzendernaam'],
  'sender address': ['sender’s address', 'afzenderadres'],
  contact: ['contact', 'contactregel'],
  logo: ['logo', 'logo'],
};

type Table = Record<string, [string, string]>;
const find = (table: Table, word: string, at: 0 | 1): string | null => (Object.prototype.hasOwnProperty.call(table, word) ? table[word]![at] : null);

const FORMS: [RegExp, [Say, Say]][] = [
  [/^(\d+) subjects$/, [(n = '') => `${n} subjects`, (n = '') => (n === '1' ? '1 onderwerp' : `${n} onderwerpen`)]],
  [/^reply ([0-9a-f]{32})$/, [(id = '') => `reply ${id}`, (id = '') => `antwoord ${id}`]],
  [/^refused at (\w+) with (\d+)$/, [(stage = '', n = '') => `refused at ${stage} with ${n}`, (stage = '', n = '') => `geweigerd bij ${stage} met ${n}`]],
];

function formed(text: string, at: 0 | 1): string | null {
  for (const [form, says] of FORMS) {
    const found = form.exec(text);
    if (found) return says[at](...found.slice(1));
  }
  return null;
}

/** "notice", or "notice: refused at RCPT with 550". */
function letter(kind: string, text: string, at: 0 | 1): string | null {
  const found = /^(\w+)(?:: (.*))?$/s.exec(text);
  const what = found && kind.startsWith('notification-') ? find(LETTERS, found[1]!, at) : null;
  if (!found || !what) return null;
  return found[2] ? `${what}: ${formed(found[2], at) ?? found[2]}` : what;
}

/** "name, logo" or "methods 7 to 4, floor 0 to 4". */
function changes(text: string, at: 0 | 1): string | null {
  const said = text.split(', ').map((each) => {
    const found = /^(.+?)(?: (\d+) to (\d+))?$/.exec(each);
    const name = found && find(NAMES, found[1]!, at);
    return name && found ? name + (found[2] ? ` ${found[2]} → ${found[3]}` : '') : null;
  });
  return said.every((each) => each !== null) ? said.join(', ') : null;
}

const CHANGES: ReadonlySet<string> = new Set(['policy-changed', 'organisation-changed']);

/** Null: not known. */
export function particularsOf(kind: string, reason: string, language: Language): string | null {
  const at = language === 'nl' ? 1 : 0;
  return letter(kind, reason, at) ?? (CHANGES.has(kind) ? changes(reason, at) : null) ?? formed(reason, at) ?? find(WORDS, reason, at);
}
