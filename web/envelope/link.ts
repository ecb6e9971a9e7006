// A recipient's link, /m#<version>.<link id>.<link secret>.<pin>: the fragment of lib/envelope/link.h.

import { type Bytes, Tampered, fromBase64url, toBase64url } from './bytes';

export interface LinkParts {
  /** 32 digits */
  link: string;
  secret: Bytes;
  pin: Bytes;
}

const FRAGMENT = /^1\.([0-9a-f]{32})\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{22})$/;

/** With or without '#'; throws Tampered for anything that is not exactly a link. */
export function parseLink(fragment: string): LinkParts {
  const found = FRAGMENT.exec(fragment.replace(/^#/, ''));
  if (!found || /^0+$/.test(found[1]!)) throw new Tampered('not a link');
  return { link: found[1]!, secret: fromBase64url(found[2]!), pin: fromBase64url(found[3]!) };
}

/** The fragment without '#': what a reload needs. */
export function linkFragment(parts: LinkParts): string {
  return `1.${parts.link}.${toBase64url(parts.secret)}.${toBase64url(parts.pin)}`;
}
