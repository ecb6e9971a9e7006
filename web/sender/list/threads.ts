// Messages with what followed on them, as far as it is loaded: a reply names the message that it
// answers, an answer names the reply.

import type { ListedMessage } from '../../client/office';
import { hasWords, wordsOf } from '../../ui/search';

export interface Thread {
  first: ListedMessage;
  /** Oldest first. */
  followUps: ListedMessage[];
}

function rootOf(row: ListedMessage, all: ReadonlyMap<string, ListedMessage>): ListedMessage {
  let at = row;
  // A loop of parents cannot be, but the rows are the server's word.
  for (let steps = 0; steps < all.size; steps++) {
    const parent = all.get(at.parent);
    if (!parent) break;
    at = parent;
  }
  return at;
}

/** In the order of the rows, which are newest first. */
export function threadsOf(rows: readonly ListedMessage[]): Thread[] {
  const all = new Map(rows.map((row) => [row.message, row]));
  const threads = new Map<string, Thread>();
  for (const row of rows) {
    const first = rootOf(row, all);
    const thread = threads.get(first.message) ?? { first, followUps: [] };
    threads.set(first.message, thread);
    if (row !== first) thread.followUps.unshift(row);
  }
  return [...threads.values()];
}

export interface Wanted {
  status: string;
  text: string;
}

function fits(row: ListedMessage, wanted: Wanted, words: readonly string[]): boolean {
  const isFound = hasWords(words, row.subject ?? '', ...(row.direction === 'reply' ? [row.name, row.address] : []));
  return (!wanted.status || row.status === wanted.status) && isFound;
}

/** A thread is shown when one of its messages fits. */
export function wantedOf(threads: readonly Thread[], wanted: Wanted): Thread[] {
  const words = wordsOf(wanted.text);
  return threads.filter(({ first, followUps }) => [first, ...followUps].some((row) => fits(row, wanted, words)));
}
