// One message as the page has it, asked for again after everything that changes it.

import { useCallback, useEffect, useState } from 'preact/hooks';

import type { Office } from '../../client/office';
import type { Id } from '../../protocol/protocol';
import { useSession } from '../session';

export type Detail = Awaited<ReturnType<Office['detail']>>;

export interface Shown {
  detail: Detail | null;
  error: unknown;
  isBusy: boolean;
  refresh(): Promise<void>;
}

export function useDetail(message: Id): Shown {
  const { office, run } = useSession();
  const [state, setState] = useState<{ detail: Detail | null; error: unknown }>({ detail: null, error: null });
  const [isBusy, setBusy] = useState(false);
  const refresh = useCallback(async (): Promise<void> => {
    setBusy(true);
    try {
      const detail = await run(() => office.detail(message));
      setState({ detail, error: null });
    } catch (error) {
      setState((before) => ({ detail: before.detail, error }));
    }
    setBusy(false);
  }, [office, run, message]);
  useEffect(() => {
    setState({ detail: null, error: null });
    void refresh();
  }, [refresh]);
  return { ...state, isBusy, refresh };
}
