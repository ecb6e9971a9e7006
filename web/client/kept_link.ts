// A link that a person came with: out of the address bar at once, and kept for reloads of this tab.

import { Tampered } from '../envelope/bytes';
import { type LinkParts, linkFragment, parseLink } from '../envelope/link';
import { tabMemory } from './storage';

/** Of links of one kind; a new one replaces an old one. */
class KeptLink {
  constructor(private readonly name: string) {}

  /** Null: there is none, here or kept, or it is not whole. */
  take(): LinkParts | null {
    const fragment = location.hash;
    if (fragment) history.replaceState(null, '', location.pathname);
    const text = fragment || tabMemory.read(this.name);
    if (!text) return null;
    try {
      const link = parseLink(text);
      tabMemory.write(this.name, linkFragment(link));
      return link;
    } catch (error) {
      if (!(error instanceof Tampered)) throw error;
      if (!fragment) this.forget();
      return null;
    }
  }

  /** Another link in this same tab changes only the fragment: the page begins anew with it. */
  watch(): void {
    addEventListener('hashchange', () => {
      if (this.take()) location.reload();
    });
  }

  forget(): void {
    tabMemory.write(this.name, null);
  }
}

/** A recipient's, of a message. */
export const messageLink = new KeptLink('link');
/** The one-time link with which a user sets a password: /reset#..., of the same form. */
export const resetLink = new KeptLink('reset');
