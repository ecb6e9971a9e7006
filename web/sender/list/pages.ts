// The sender's list as it is loaded: page by page, by cursor, only what somebody asks for.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

import { isAbort } from '../../client/failure';
import type { ListedMessage } from '../../client/office';
import { useSession } from '../session';

const ROWS = 50;

export interface Loaded {
  rows: ListedMessage[];
  /** '': that was all. */
  next: string;
  atMs: number;
}

export interface Pages {
  loaded: Loaded | null;
  error: unknown;
  isBusy: boolean;
  refresh(): void;
  more(): void;
  /** All pages to the end, or until stop(). */
  all(): void;
  stop(): void;
}

export function usePages(): Pages {
  const { office, run } = useSession();
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const turn = useRef(0);

  const load = useCallback(async (before: Loaded | null, isToEnd: boolean): Promise<void> => {
    const mine = ++turn.current;
    setBusy(true);
    setError(null);
    try {
      for (let at = before; ; ) {
        const page = await run(() => office.list(at?.next ?? '', ROWS));
        if (mine !== turn.current) return;
        const known = new Set(at?.rows.map((row) => row.message));
        at = { rows: [...(at?.rows ?? []), ...page.messages.filter((row) => !known.has(row.message))], next: page.next, atMs: page.now_ms };
        setLoaded(at);
        if (!isToEnd || !at.next) break;
      }
    } catch (failure) {
      if (mine === turn.current && !isAbort(failure)) setError(failure);
    }
    if (mine === turn.current) setBusy(false);
  }, [office, run]);

  useEffect(() => {
    void load(null, false);
    return () => void turn.current++;
  }, [load]);
  return {
    loaded,
    error,
    isBusy,
    refresh: () => void load(null, false),
    more: () => void load(loaded, false),
    all: () => void load(loaded, true),
    stop() {
      turn.current++;
      setBusy(false);
    },
  };
}
