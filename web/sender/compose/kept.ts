// The text of a message that is being written, kept in this tab for a reload. Never passwords, and
// files cannot be: the page says so. Gone with the tab.

import { tabMemory } from '../../client/storage';
import type { Id } from '../../protocol/protocol';

const NAME = 'writing';

export interface KeptRecipient {
  address: string;
  name: string;
  method: number;
}

export interface Kept {
  user: Id;
  recipients: KeptRecipient[];
  typed: string;
  subject: string;
  body: string;
  method: number;
  hasOwnChecks: boolean;
  lifetimeDays: number;
  language: 'nl' | 'en';
  parent: Id;
  /** Names of files that were attached. */
  files: string[];
}

const isString = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value);

function isRecipient(value: unknown): value is KeptRecipient {
  const { address, name, method } = (value ?? {}) as Partial<KeptRecipient>;
  return isString(address) && isString(name) && isNumber(method);
}

function isKept(value: unknown): value is Kept {
  const kept = (value ?? {}) as Partial<Kept>;
  const texts = [kept.user, kept.typed, kept.subject, kept.body, kept.parent];
  return (
    texts.every(isString) &&
    isNumber(kept.method) &&
    isNumber(kept.lifetimeDays) &&
    typeof kept.hasOwnChecks === 'boolean' &&
    (kept.language === 'nl' || kept.language === 'en') &&
    Array.isArray(kept.recipients) &&
    kept.recipients.every(isRecipient) &&
    Array.isArray(kept.files) &&
    kept.files.every(isString)
  );
}

export function keep(kept: Kept | null): void {
  tabMemory.write(NAME, kept && JSON.stringify(kept));
}

export function readKept(): Kept | null {
  try {
    const value: unknown = JSON.parse(tabMemory.read(NAME) ?? 'null');
    return isKept(value) ? value : null;
  } catch {
    return null;
  }
}
