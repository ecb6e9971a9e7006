// The reader's language: remembered in this browser, told to the document, known to every component.

import { useEffect, useState } from 'preact/hooks';

import { browserMemory } from '../client/storage';
import { en } from './text/en';
import { nl } from './text/nl';

export type Language = 'nl' | 'en';
export const LANGUAGES: readonly Language[] = ['nl', 'en'];

const NAME = 'language';
const watchers = new Set<(language: Language) => void>();

function isLanguage(text: unknown): text is Language {
  return text === 'nl' || text === 'en';
}

function preferred(): Language {
  const kept = browserMemory.read(NAME);
  if (isLanguage(kept)) return kept;
  return (navigator.languages ?? [navigator.language]).some((each) => each.startsWith('nl')) ? 'nl' : 'en';
}

let current: Language = preferred();
document.documentElement.lang = current;

export function language(): Language {
  return current;
}

function become(chosen: Language): void {
  current = chosen;
  document.documentElement.lang = chosen;
  for (const watcher of watchers) watcher(chosen);
}

/** A person chose: remembered. */
export function chooseLanguage(chosen: Language): void {
  browserMemory.write(NAME, chosen);
  become(chosen);
}

/** Of a message: used unless this person chose before. */
export function suggestLanguage(suggested: string): void {
  if (isLanguage(suggested) && !isLanguage(browserMemory.read(NAME))) become(suggested);
}

export function useLanguage(): Language {
  const [now, set] = useState(current);
  useEffect(() => {
    watchers.add(set);
    set(current);
    return () => void watchers.delete(set);
  }, []);
  return now;
}

/** The same texts in both languages; a missing or extra one does not compile. */
export type Texts<T> = Record<Language, T>;

type Widened<T> = T extends string ? string : T extends (...given: infer Given) => string ? (...given: Given) => string : { [K in keyof T]: Widened<T[K]> };

/** A page's own texts: `const texts = defineTexts(english, dutch)`, then `const t = useTexts(texts)`. */
export function defineTexts<T>(english: T, dutch: Widened<T>): Texts<Widened<T>> {
  return { en: english as Widened<T>, nl: dutch };
}

export function useTexts<T>(texts: Texts<T>): T {
  return texts[useLanguage()];
}

const shared = defineTexts(en, nl);
/** The texts that every page shares: text/en.ts and text/nl.ts. */
export function useSharedTexts(): (typeof shared)['en'] {
  return useTexts(shared);
}
