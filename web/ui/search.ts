// Searching in what a page has: words in any order, without regard to case and accents.

const folded = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

export function wordsOf(text: string): string[] {
  return folded(text).split(/\s+/).filter(Boolean);
}

/** Every word stands in one of the texts. */
export function hasWords(words: readonly string[], ...texts: readonly string[]): boolean {
  const all = folded(texts.join(' '));
  return words.every((word) => all.includes(word));
}
