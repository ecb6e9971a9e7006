// Domains that look like another one: the commonest way in which a letter reaches the wrong person.
// A warning never refuses: the sender knows more than we do.

import { browserMemory } from '../../client/storage';

export type DomainWarning =
  /** One sign away from a domain that is well known, or that this sender used before. */
  | { kind: 'near'; domain: string; meant: string }
  /** Letters of other alphabets, as "xn--...": what is shown need not be what it looks like. */
  | { kind: 'foreign'; domain: string }
  /** An ending that does not exist but is a slip of one that does. */
  | { kind: 'ending'; domain: string; meant: string };

const KNOWN = [
  'gmail.com', 'googlemail.com', 'outlook.com', 'hotmail.com', 'live.com', 'live.nl', 'hotmail.nl', 'outlook.nl', 'msn.com',
  'icloud.com', 'me.com', 'mac.com', 'yahoo.com', 'yahoo.nl', 'proton.me', 'protonmail.com', 'gmx.net', 'gmx.com', 'aol.com', 'mail.com', 'email.com', 'ymail.com',
  'ziggo.nl', 'kpnmail.nl', 'kpnplanet.nl', 'planet.nl', 'home.nl', 'hetnet.nl', 'xs4all.nl', 'upcmail.nl', 'casema.nl',
  'chello.nl', 'quicknet.nl', 'tele2.nl', 'telfort.nl', 'zonnet.nl', 'solcon.nl', 'freedom.nl', 'caiway.nl', 'online.nl',
  'telenet.be', 'skynet.be', 'proximus.be', 'web.de', 't-online.de', 'zorgmail.nl',
];
const ENDINGS: Record<string, string> = {
  con: 'com', cmo: 'com', ocm: 'com', vom: 'com', xom: 'com', comm: 'com', nk: 'nl', ln: 'nl', ml: 'nl', nll: 'nl',
};
const USED = 'domains';
const USED_MAX = 200;

export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase();
}

/** Removed, added, changed, or two neighbours swapped. */
function isOneEditAway(a: string, b: string): boolean {
  if (a === b || Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  const isSwap = a[start] === b[start + 1] && a[start + 1] === b[start] && a.slice(start + 2) === b.slice(start + 2);
  return (
    a.slice(start + 1) === b.slice(start + 1) ||
    a.slice(start) === b.slice(start + 1) ||
    a.slice(start + 1) === b.slice(start) ||
    (a.length === b.length && isSwap)
  );
}

// What reads alike in most typefaces.
const LOOKS: readonly (readonly [RegExp, string])[] = [[/rn/g, 'm'], [/vv/g, 'w'], [/cl/g, 'd'], [/0/g, 'o'], [/[1i|]/g, 'l'], [/5/g, 's']];
const look = (domain: string): string => LOOKS.reduce((text, [from, to]) => text.replace(from, to), domain);

function isNear(domain: string, other: string): boolean {
  if (domain === other) return false;
  return look(domain) === look(other) || (other.length >= 5 && isOneEditAway(domain, other));
}

/** Null: nothing to say. `used` are domains that this sender wrote to before, the most trusted. */
export function warningOf(address: string, used: readonly string[] = usedDomains()): DomainWarning | null {
  const domain = domainOf(address);
  if (domain.split('.').some((label) => label.startsWith('xn--'))) return { kind: 'foreign', domain };
  if (used.includes(domain) || KNOWN.includes(domain)) return null;
  const meant = [...KNOWN, ...used].find((each) => isNear(domain, each));
  if (meant) return { kind: 'near', domain, meant };
  const dot = domain.lastIndexOf('.');
  const ending = ENDINGS[domain.slice(dot + 1)];
  return ending ? { kind: 'ending', domain, meant: `${domain.slice(0, dot)}.${ending}` } : null;
}

/** In this browser only: no server is told whom somebody writes to. */
export function usedDomains(): string[] {
  return (browserMemory.read(USED) ?? '').split(' ').filter(Boolean);
}

export function rememberDomains(addresses: readonly string[]): void {
  const all = new Set([...addresses.map(domainOf), ...usedDomains()]);
  browserMemory.write(USED, [...all].slice(0, USED_MAX).join(' '));
}
