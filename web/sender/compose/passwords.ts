// Passwords that a sender tells by telephone: made of what can be spoken and typed without doubt.

import { random, utf8 } from '../../envelope/bytes';
import { LIMITS } from '../../protocol/protocol';
import { WORDS } from './words';

export type PasswordKind = 'words' | 'characters';
export type Strength = 'tooShort' | 'weak' | 'fair' | 'strong';

const WORDS_IN_ONE = 4;
const CHARACTERS_IN_ONE = 12;
const BITS_OF_A_WORD = 10;
/** Without those that are mistaken for each other: 0 o, 1 l i. */
const CHARACTERS = 'abcdefghjkmnpqrstuvwxyz23456789';

/** Each as likely as any other: what would make the first ones likelier is drawn again. */
function pick(count: number): number {
  const limit = Math.floor(0x10000 / count) * count;
  for (;;) {
    const [high, low] = random(2);
    const drawn = high! * 256 + low!;
    if (drawn < limit) return drawn % count;
  }
}

function many<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}

export function makePassword(kind: PasswordKind, language: 'nl' | 'en'): string {
  if (kind === 'words') return many(WORDS_IN_ONE, () => WORDS[language][pick(WORDS[language].length)]).join('-');
  const all = many(CHARACTERS_IN_ONE, () => CHARACTERS[pick(CHARACTERS.length)]).join('');
  // With a digit, so that nobody hears or reads it as words.
  if (!/[0-9]/.test(all)) return makePassword(kind, language);
  return all.replace(/(.{4})(?=.)/g, '$1-');
}

const COMMON = /(wachtwoord|password|welkom|welcome|qwerty|azerty|geheim|secret|123456|abcdef|zomer|winter|lente|herfst)/i;

/** Bits that a guesser has to try, roughly and never too kindly. */
function bitsOf(password: string): number {
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/].filter((kind) => kind.test(password)).length;
  const different = new Set(password.toLowerCase()).size;
  const words = new Set(password.toLowerCase().split(/[^\p{L}]+/u).filter((word) => word.length >= 3)).size;
  const length = Math.min(password.length, different * 2);
  const perSign = kinds >= 3 ? 4 : kinds === 2 ? 3.4 : 2.6;
  // A word of a list is worth the same, however long it is.
  const bits = words >= 3 && !/[0-9]/.test(password) ? words * BITS_OF_A_WORD : length * perSign;
  return bits - (COMMON.test(password) ? 20 : 0);
}

/** `forbidden`: what a guesser tries first, such as the recipient's name. */
export function strengthOf(password: string, forbidden: readonly string[] = []): Strength {
  if (utf8(password).length < LIMITS.PASSWORD_BYTES_MIN) return 'tooShort';
  const holds = forbidden.some((each) => each.length >= 3 && password.toLowerCase().includes(each.toLowerCase()));
  const bits = bitsOf(password) - (holds ? 20 : 0);
  return bits < 24 ? 'weak' : bits < 38 ? 'fair' : 'strong';
}

export function isPasswordAllowed(password: string): boolean {
  const size = utf8(password).length;
  return size >= LIMITS.PASSWORD_BYTES_MIN && size <= LIMITS.PASSWORD_BYTES_MAX;
}
