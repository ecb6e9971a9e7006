// The organisation's own key: it is replaced from here, and as long as this page is open one step
// follows the other. A rotation that was begun goes on wherever an administrator has the page open.

import { useEffect, useState } from 'preact/hooks';

import { isAbort } from '../../client/failure';
import { bringToEnd } from '../../client/rotation';
import type { RotationState } from '../../protocol/protocol';
import { useSession } from '../../sender/session';
import { Alert, FailureAlert } from '../../ui/alert';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { useFormat } from '../../ui/format';
import { useSharedTexts, useTexts } from '../../ui/language';
import { Progress } from '../../ui/progress';
import { useDeed } from '../answer';
import { texts } from './texts';

type Turn = 'idle' | 'works' | 'waits' | 'done' | 'altered' | { error: unknown };

interface Renewal {
  state: RotationState;
  turn: Turn;
  set: (state: RotationState) => void;
  goOn: () => void;
}

/** `told` is what the server said last; what a step says is newer. */
function useRenewal(told: RotationState, onDone: () => void): Renewal {
  const { office, run } = useSession();
  const [state, set] = useState(told);
  const [turn, setTurn] = useState<Turn>('idle');
  const [round, setRound] = useState(0);
  useEffect(() => set(told), [told]);
  const isUnderWay = state.is_under_way;
  useEffect(() => {
    if (!isUnderWay) return;
    const leaving = new AbortController();
    setTurn('works');
    const onState = (next: RotationState): void => {
      set(next);
      setTurn('works');
    };
    const step = () => run(() => office.call('rotation_step', {}));
    bringToEnd(step, { onState, onWaiting: () => setTurn('waits'), signal: leaving.signal }).then(
      (end) => {
        if (leaving.signal.aborted) return;
        setTurn(end);
        if (end === 'done') onDone();
      },
      (error: unknown) => leaving.signal.aborted || isAbort(error) || setTurn({ error }),
    );
    return () => leaving.abort();
  }, [isUnderWay, round, office, run, onDone]);
  return { state, turn, set, goOn: () => setRound((before) => before + 1) };
}

function Sure({ state, isBusy, onYes, onNo }: { state: RotationState; isBusy: boolean; onYes: () => void; onNo: () => void }) {
  const t = useTexts(texts);
  const shared = useSharedTexts();
  const format = useFormat();
  return (
    <Dialog title={t.renewTitle} onClose={onNo}>
      <ul class="steps">
        <li>{t.renewNew}</li>
        <li>{t.renewOld(format.number(state.rows))}</li>
        <li>{t.renewEnd}</li>
        <li>{t.renewLog}</li>
      </ul>
      <div class="actions">
        <Button kind="primary" isBusy={isBusy} onClick={onYes}>
          {t.renewYes}
        </Button>
        <Button onClick={onNo}>{shared.cancel}</Button>
      </div>
    </Dialog>
  );
}

function UnderWay({ state, turn, goOn }: Renewal) {
  const t = useTexts(texts);
  const shared = useSharedTexts();
  const format = useFormat();
  const done = state.rows - state.behind;
  const isStopped = turn === 'altered' || typeof turn === 'object';
  return (
    <>
      <Progress label={t.renewed(format.number(done), format.number(state.rows))} done={done} total={state.rows} />
      {turn === 'works' && (
        <p class="utrecht-paragraph" role="status">
          {t.keepOpen}
        </p>
      )}
      {turn === 'waits' && <Alert kind="info">{t.renewWaits}</Alert>}
      {turn === 'altered' && <Alert kind="warning">{t.renewAltered(format.number(state.behind))}</Alert>}
      {typeof turn === 'object' && <FailureAlert error={turn.error} />}
      {isStopped && <Button onClick={goOn}>{shared.tryAgain}</Button>}
    </>
  );
}

export function Rotation({ told, onDone }: { told: RotationState; onDone: () => void }) {
  const t = useTexts(texts);
  const format = useFormat();
  const { office } = useSession();
  const renewal = useRenewal(told, onDone);
  const { state, turn, set } = renewal;
  const { isBusy, error, act } = useDeed();
  const [isAsking, setAsking] = useState(false);
  const begin = async (): Promise<void> => {
    await act(async () => set(await office.call('rotation_begin', { version: state.version })));
    setAsking(false);
  };
  return (
    <section class="card">
      <h2 class="utrecht-heading-2 first">{t.renew}</h2>
      <p class="utrecht-paragraph">{t.renewText}</p>
      <FailureAlert error={error} />
      {turn === 'done' && !state.is_under_way && <Alert kind="ok">{t.renewDone(format.number(state.version))}</Alert>}
      {state.is_under_way ? <UnderWay {...renewal} /> : <Button onClick={() => setAsking(true)}>{t.renewButton}</Button>}
      {isAsking && <Sure state={state} isBusy={isBusy} onYes={() => void begin()} onNo={() => setAsking(false)} />}
    </section>
  );
}
