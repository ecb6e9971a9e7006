// Work over the whole log, with its progress, that can be cancelled: the export and the check.

import { useEffect, useRef, useState } from 'preact/hooks';

import { type ExportOptions } from '../../client/audit';
import { isAbort } from '../../client/failure';
import { useSession } from '../../sender/session';
import { useRedraw } from '../../ui/redraw';

export interface Whole<T> {
  isRunning: boolean;
  isCancelled: boolean;
  done: number;
  total: number;
  result: T | null;
  error: unknown;
  start: () => void;
  cancel: () => void;
}

export function useWhole<T>(work: (options: ExportOptions) => Promise<T>): Whole<T> {
  const { run } = useSession();
  const redraw = useRedraw();
  const [state, set] = useState<{ isCancelled: boolean; result: T | null; error: unknown }>({ isCancelled: false, result: null, error: null });
  const running = useRef<AbortController | null>(null);
  const progress = useRef({ done: 0, total: 0 });
  useEffect(() => () => running.current?.abort(), []);
  const start = async (): Promise<void> => {
    if (running.current) return;
    const { signal } = (running.current = new AbortController());
    progress.current = { done: 0, total: 0 };
    set({ isCancelled: false, result: null, error: null });
    const onProgress: ExportOptions['onProgress'] = ({ done, total }) => {
      progress.current = { done, total };
      redraw();
    };
    let end: typeof state;
    try {
      end = { isCancelled: false, result: await run(() => work({ onProgress, signal })), error: null };
    } catch (error) {
      end = { isCancelled: isAbort(error), result: null, error: isAbort(error) ? null : error };
    }
    running.current = null;
    set(end);
  };
  return { ...state, ...progress.current, isRunning: running.current !== null, start: () => void start(), cancel: () => running.current?.abort() };
}
