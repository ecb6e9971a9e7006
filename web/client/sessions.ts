// Sessions as text for a tab's memory, and back; a text that is not exactly one is none.

import { fromBase64url, toBase64url } from '../envelope/bytes';
import type { SessionProof } from '../protocol/protocol';
import { tabMemory } from './storage';

export interface KeptSession {
  session: SessionProof;
  expires_ms: number;
}

export function keepSession(name: string, kept: KeptSession | null): void {
  const { session, expires_ms } = kept ?? {};
  tabMemory.write(name, session ? `${session.session}.${toBase64url(session.secret)}.${expires_ms}` : null);
}

export function keptSession(name: string): KeptSession | null {
  const found = /^([0-9a-f]{32})\.([A-Za-z0-9_-]{43})\.(\d{1,15})$/.exec(tabMemory.read(name) ?? '');
  if (!found) return null;
  try {
    return { session: { session: found[1]!, secret: fromBase64url(found[2]!) }, expires_ms: Number(found[3]) };
  } catch {
    return null;
  }
}
