// The one-time link with which a user sets a password: /reset#..., of the same form as a recipient's.

import { Tampered } from '../../envelope/bytes';
import { type LinkParts, parseLink } from '../../envelope/link';

/** Null on any other page. The link leaves the address bar at once; link null: it is not whole. */
export function takeReset(): { link: LinkParts | null } | null {
  if (location.pathname !== '/reset') return null;
  const { hash } = location;
  history.replaceState(null, '', location.pathname);
  try {
    return { link: parseLink(hash) };
  } catch (error) {
    if (error instanceof Tampered) return { link: null };
    throw error;
  }
}
