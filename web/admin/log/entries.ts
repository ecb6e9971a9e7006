// The entries that are shown: page by page, newest first, until somebody asks for others.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

import type { AuditLog, LogEntry, LogFilter } from '../../client/audit';
import { useSession } from '../../sender/session';

const ROWS = 50;

interface Shown {
  entries: LogEntry[];
  hasOlder: boolean;
  size: number;
}

export interface Entries {
  shown: Shown | null;
  error: unknown;
  isBusy: boolean;
  find: (filter: LogFilter) => void;
  older: () => void;
  again: () => void;
}

export function useEntries(log: AuditLog, first: LogFilter): Entries {
  const { run } = useSession();
  const [shown, setShown] = useState<Shown | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const filter = useRef(first);
  const turn = useRef(0);
  const load = useCallback(
    async (before: LogEntry[]): Promise<void> => {
      const mine = ++turn.current;
      setBusy(true);
      setError(null);
      try {
        const page = await run(() => log.entries(filter.current, before[before.length - 1]?.seq ?? 0, ROWS));
        if (mine !== turn.current) return;
        setShown({ entries: [...before, ...page.entries], hasOlder: page.entries.length === ROWS, size: page.size });
      } catch (failure) {
        if (mine === turn.current) setError(failure);
      }
      if (mine === turn.current) setBusy(false);
    },
    [log, run],
  );
  useEffect(() => {
    void load([]);
    return () => void turn.current++;
  }, [load]);
  return {
    shown,
    error,
    isBusy,
    find(wanted) {
      filter.current = wanted;
      void load([]);
    },
    older: () => void load(shown?.entries ?? []),
    again: () => void load([]),
  };
}
