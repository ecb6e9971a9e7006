// Something asked of the server for a page: on its way, there, or refused and asked again by a button.

import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

import { useSession } from '../sender/session';
import { FailureAlert } from '../ui/alert';
import { Button } from '../ui/button';
import { useSharedTexts } from '../ui/language';

export interface Answer<T> {
  value: T | null;
  error: unknown;
  again: () => void;
}

/** `ask` must stay the same from one drawing to the next (useCallback). */
export function useAnswer<T>(ask: () => Promise<T>): Answer<T> {
  const { run } = useSession();
  const [{ value, error }, set] = useState<{ value: T | null; error: unknown }>({ value: null, error: null });
  const turn = useRef(0);
  const again = useCallback(() => {
    const mine = ++turn.current;
    set((before) => ({ ...before, error: null }));
    run(ask).then(
      (found) => mine === turn.current && set({ value: found, error: null }),
      (failure: unknown) => mine === turn.current && set((before) => ({ ...before, error: failure })),
    );
  }, [run, ask]);
  useEffect(() => {
    again();
    return () => void turn.current++;
  }, [again]);
  return { value, error, again };
}

export function Answered<T>({ answer, children }: { answer: Answer<T>; children: (value: T) => ComponentChildren }) {
  const t = useSharedTexts();
  return (
    <>
      <FailureAlert error={answer.error}>
        <Button onClick={answer.again}>{t.tryAgain}</Button>
      </FailureAlert>
      {answer.value === null && !answer.error && (
        <p class="utrecht-paragraph" role="status">
          {t.loading}
        </p>
      )}
      {answer.value !== null && children(answer.value)}
    </>
  );
}

export interface Deed {
  isBusy: boolean;
  error: unknown;
  /** Does it once at a time; true when it was done. */
  act: (work: () => Promise<unknown>) => Promise<boolean>;
}

/** Something that a button does. */
export function useDeed(): Deed {
  const { run } = useSession();
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const isRunning = useRef(false);
  const act = useCallback(
    async (work: () => Promise<unknown>): Promise<boolean> => {
      if (isRunning.current) return false;
      isRunning.current = true;
      setBusy(true);
      setError(null);
      try {
        await run(work);
        return true;
      } catch (failure) {
        setError(failure);
        return false;
      } finally {
        isRunning.current = false;
        setBusy(false);
      }
    },
    [run],
  );
  return { isBusy, error, act };
}
