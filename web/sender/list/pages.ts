// The sender's list as it is loaded: page by page, by cursor, only what somebody asks for.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

import { isAbort } from '../../client/failure';
import type { ListPage, ListedMessage } from '../../client/office';
import { useSession } from '../session';
import { type News, newsOf, useWatching } from '../watching';

const ROWS = 50;

export interface Loaded {
  rows: ListedMessage[];
  /** '': that was all. */
  next: string;
  atMs: number;
  /** Of the first page. */
  tag: string;
}

export interface Pages {
  loaded: Loaded | null;
  error: unknown;
  isBusy: boolean;
  news: News | null;
  hasStopped: boolean;
  refresh(): void;
  more(): void;
  /** All pages to the end, or until stop(). */
  all(): void;
  stop(): void;
}

/** What is loaded, with the first page as it is now: older rows stay, what is gone from its stretch goes. */
function renewed(before: Loaded, { messages, next, now_ms, tag }: ListPage): Loaded {
  const last = messages[messages.length - 1];
  if (!next || !last) return { rows: messages, next, atMs: now_ms, tag };
  const fresh = new Set(messages.map((row) => row.message));
  const older = before.rows.filter((row) => !fresh.has(row.message) && row.created_ms <= last.created_ms);
  return { rows: [...messages, ...older], next: older.length ? before.next : next, atMs: now_ms, tag };
}

export function usePages(): Pages {
  const { office, run } = useSession();
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const [news, setNews] = useState<News | null>(null);
  const turn = useRef(0);
  const shown = useRef<Loaded | null>(null);
  shown.current = loaded;

  const load = useCallback(async (before: Loaded | null, isToEnd: boolean): Promise<void> => {
    const mine = ++turn.current;
    setBusy(true);
    setError(null);
    try {
      for (let at = before; ; ) {
        const page = await run(() => office.list(at?.next ?? '', ROWS));
        if (mine !== turn.current) return;
        const known = new Set(at?.rows.map((row) => row.message));
        at = { rows: [...(at?.rows ?? []), ...page.messages.filter((row) => !known.has(row.message))], next: page.next, atMs: page.now_ms, tag: at?.tag ?? page.tag };
        setLoaded(at);
        if (!isToEnd || !at.next) break;
      }
    } catch (failure) {
      if (mine === turn.current && !isAbort(failure)) setError(failure);
    }
    if (mine === turn.current) setBusy(false);
  }, [office, run]);

  const look = useCallback(async (): Promise<boolean> => {
    const before = shown.current;
    const mine = turn.current;
    if (!before) return false;
    const page = await office.newerList(before, ROWS);
    if (!page || mine !== turn.current) return false;
    setLoaded(renewed(before, page));
    const found = newsOf(before.rows, page.messages, page.now_ms);
    if (found) setNews(found);
    return true;
  }, [office]);
  const hasStopped = useWatching(look);

  useEffect(() => {
    void load(null, false);
    return () => void turn.current++;
  }, [load]);
  return {
    loaded,
    error,
    isBusy,
    news,
    hasStopped,
    refresh() {
      setNews(null);
      void load(null, false);
    },
    more: () => void load(loaded, false),
    all: () => void load(loaded, true),
    stop() {
      turn.current++;
      setBusy(false);
    },
  };
}
