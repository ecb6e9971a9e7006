// Whether something is new is asked now and then, while the page can be seen: often at first, then once
// a minute. A tab that nobody sees asks nothing, and the answer "no" is a few bytes.

import { useEffect, useState } from 'preact/hooks';

import { hasWord } from '../client/failure';
import type { ListedMessage } from '../client/office';

const PAUSES_MS = [15_000, 15_000, 15_000, 30_000, 30_000];
const LONGEST_MS = 60_000;

/** `ask` tells whether there was something new. True when it has stopped: the session has ended. */
export function useWatching(ask: () => Promise<boolean>): boolean {
  const [hasStopped, setStopped] = useState(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let quiet = 0;
    let askedMs = performance.now();
    let isOver = false;
    // Apart from each other: a hundred tabs that were opened at eight o'clock.
    const pauseMs = (): number => (PAUSES_MS[quiet] ?? LONGEST_MS) * (0.9 + 0.2 * Math.random());
    const wait = (ms: number): void => {
      clearTimeout(timer);
      if (!isOver && !document.hidden) timer = setTimeout(() => void look(), ms);
    };
    const look = async (): Promise<void> => {
      askedMs = performance.now();
      try {
        quiet = (await ask()) ? 0 : quiet + 1;
      } catch (error) {
        quiet = PAUSES_MS.length;
        if (hasWord(error, 'not-signed-in')) {
          isOver = true;
          setStopped(true);
        }
      }
      wait(pauseMs());
    };
    const onSeen = (): void => {
      if (document.hidden) return clearTimeout(timer);
      quiet = 0;
      wait(Math.max(0, askedMs + pauseMs() - performance.now()));
    };
    setStopped(false);
    document.addEventListener('visibilitychange', onSeen);
    wait(pauseMs());
    return () => {
      isOver = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onSeen);
    };
  }, [ask]);
  return hasStopped;
}

export interface News {
  replies: number;
  opened: number;
  atMs: number;
}

/** What a person waits for, and hears of. Null: what changed is nothing of that. */
export function newsOf(before: readonly ListedMessage[], after: readonly ListedMessage[], atMs: number): News | null {
  const known = new Map(before.map((row) => [row.message, row]));
  const replies = after.filter((row) => row.direction === 'reply' && !known.has(row.message)).length;
  const opened = after.reduce((sum, row) => sum + Math.max(0, row.opened - (known.get(row.message)?.opened ?? row.opened)), 0);
  return replies + opened > 0 ? { replies, opened, atMs } : null;
}
