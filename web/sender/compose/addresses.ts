// What people paste as recipients: "a@b.nl; Ann <ann@c.nl>, d@e.nl" and lists over several lines.

import { isAddress, isLine } from '../../envelope/text';
import { utf8 } from '../../envelope/bytes';
import { LIMITS } from '../../protocol/protocol';

export interface Addressed {
  address: string;
  name: string;
}

export interface Parsed {
  good: Addressed[];
  /** Pieces that are no address, as they were written. */
  bad: string[];
}

const SEPARATOR = /[,;\r\n\t]/;
// Mail programs add these where people copy; nobody sees them.
const UNSEEN = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** Separators inside a quoted name or inside <> are part of it. */
function pieces(text: string): string[] {
  const out: string[] = [];
  let piece = '';
  let isQuoted = false;
  let isAngled = false;
  for (const letter of text) {
    if (letter === '"') isQuoted = !isQuoted;
    if (letter === '<') isAngled = true;
    if (letter === '>') isAngled = false;
    const isEnd = letter === '\n' || letter === '\r' || (!isQuoted && !isAngled && SEPARATOR.test(letter));
    if (!isEnd) piece += letter;
    else {
      out.push(piece);
      piece = '';
      isQuoted = isAngled = false;
    }
  }
  return [...out, piece].map((each) => each.trim()).filter(Boolean);
}

function nameOf(text: string): string {
  const name = text.trim().replace(/^"(.*)"$/, '$1').replace(/\\(.)/g, '$1').trim();
  return isLine(name) && utf8(name).length <= LIMITS.PERSON_NAME_BYTES_MAX ? name : '';
}

function read(piece: string): Addressed | null {
  const angled = /^([^<]*)<([^<>]*)>$/.exec(piece);
  const address = (angled ? angled[2]! : piece).trim().replace(/^mailto:/i, '');
  return isAddress(address) ? { address, name: angled ? nameOf(angled[1]!) : '' } : null;
}

/** "a@b.nl c@d.nl": addresses with only spaces between them are several. */
function split(piece: string): string[] {
  const words = piece.split(/\s+/);
  return words.length > 1 && words.every((word) => isAddress(word)) ? words : [piece];
}

export function sameAddress(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

export function parseAddresses(text: string): Parsed {
  const parsed: Parsed = { good: [], bad: [] };
  for (const piece of pieces(text.replace(UNSEEN, '')).flatMap(split)) {
    const found = read(piece);
    if (!found) parsed.bad.push(piece);
    else if (!parsed.good.some((each) => sameAddress(each.address, found.address))) parsed.good.push(found);
  }
  return parsed;
}

/** True as soon as a person has written an end: what stands before it can become chips. */
export function hasEnd(text: string): boolean {
  return pieces(text).length > 1 || /[,;\n]\s*$/.test(text);
}
