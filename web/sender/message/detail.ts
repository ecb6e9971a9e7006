// One message as the page has it, asked for again after everything that changes it.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

import type { Detail } from '../../client/office';
import type { Id } from '../../protocol/protocol';
import { useSession } from '../session';
import { type News, newsOf, useWatching } from '../watching';

export type { Detail };

export interface Shown {
  detail: Detail | null;
  error: unknown;
  isBusy: boolean;
  news: News | null;
  hasStopped: boolean;
  refresh(): Promise<void>;
}

const rowsOf = ({ message, replies }: Detail) => [message, ...replies];

export function useDetail(message: Id): Shown {
  const { office, run } = useSession();
  const [state, setState] = useState<{ detail: Detail | null; error: unknown }>({ detail: null, error: null });
  const [isBusy, setBusy] = useState(false);
  const [news, setNews] = useState<News | null>(null);
  const turn = useRef(0);
  const shown = useRef<Detail | null>(null);
  shown.current = state.detail;
  const refresh = useCallback(async (): Promise<void> => {
    const mine = ++turn.current;
    setBusy(true);
    try {
      const detail = await run(() => office.detail(message));
      if (mine === turn.current) setState({ detail, error: null });
    } catch (error) {
      if (mine === turn.current) setState((before) => ({ detail: before.detail, error }));
    }
    if (mine === turn.current) setBusy(false);
  }, [office, run, message]);
  const look = useCallback(async (): Promise<boolean> => {
    const before = shown.current;
    if (before?.message.message !== message) return false;
    const found = await office.newerDetail(message, { tag: before.tag, rows: rowsOf(before) });
    if (!found || shown.current !== before) return false;
    setState({ detail: found, error: null });
    setNews((last) => newsOf(rowsOf(before), rowsOf(found), found.now_ms) ?? last);
    return true;
  }, [office, message]);
  const hasStopped = useWatching(look);
  useEffect(() => {
    setNews(null);
    setState({ detail: null, error: null });
    void refresh();
    return () => void turn.current++; // an answer about this message is not shown as another's
  }, [refresh]);
  return { ...state, isBusy, news, hasStopped, refresh };
}
