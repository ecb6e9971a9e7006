// Whom to ask when a link has ended. The server says nothing of an ended link, so this is what it said
// in this tab while the link was live.

import { tabMemory } from '../client/storage';
import type { HelloReply, Id } from '../protocol/protocol';

export interface Contact {
  organisation: string;
  line: string;
}

const NAME = 'contact';

export function keepContact(link: Id, hello: Pick<HelloReply, 'organisation_name' | 'contact'>): void {
  const kept = { link, organisation: hello.organisation_name, line: hello.contact };
  tabMemory.write(NAME, hello.contact ? JSON.stringify(kept) : null);
}

/** null: nothing was said, or of another link. */
export function keptContact(link: Id): Contact | null {
  try {
    const kept = JSON.parse(tabMemory.read(NAME) ?? 'null') as (Contact & { link: Id }) | null;
    const isOfIt = kept?.link === link && typeof kept.organisation === 'string' && typeof kept.line === 'string';
    return isOfIt ? { organisation: kept.organisation, line: kept.line } : null;
  } catch {
    return null;
  }
}

export function forgetContact(): void {
  tabMemory.write(NAME, null);
}
