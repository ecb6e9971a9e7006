// After "Send securely": some seconds in which it can be taken back, and what to do now.

import { useEffect, useState } from 'preact/hooks';

import { Alert, FailureAlert } from '../../ui/alert';
import { Button } from '../../ui/button';
import { useFormat } from '../../ui/format';
import { useTexts } from '../../ui/language';
import { StateHeading } from '../../ui/page';
import { Link } from '../link';
import { useSession } from '../session';
import { texts } from './texts';
import { UNDO_S, type Writing, type WritingRecipient } from './writing';

function secondsLeft(writing: Writing): number {
  return Math.max(0, Math.ceil(UNDO_S - (performance.now() - writing.sentAtMs) / 1000));
}

function useSecondsLeft(writing: Writing): number {
  const [left, setLeft] = useState(() => secondsLeft(writing));
  useEffect(() => {
    const timer = setInterval(() => {
      const now = secondsLeft(writing);
      setLeft(now);
      if (now === 0) clearInterval(timer);
    }, 250);
    return () => clearInterval(timer);
  }, [writing]);
  return left;
}

function Undo({ writing, left }: { writing: Writing; left: number }) {
  const t = useTexts(texts);
  const session = useSession();
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const undo = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      await writing.takeBack(session);
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <div class="undo">
      <FailureAlert error={error} />
      {/* Announced once; a count that speaks every second helps nobody. */}
      <p class="visually-hidden" role="status">
        {t.undoAnnounce(UNDO_S)}
      </p>
      <p class="utrecht-paragraph undo__text" aria-hidden="true">
        {isBusy ? t.undoing : t.undoText(Math.max(left, 1))}
      </p>
      <progress class="progress__bar" aria-hidden="true" max={UNDO_S} value={left} />
      <div class="actions">
        <Button kind="primary" isBusy={isBusy} onClick={() => void undo()}>
          {t.undo}
        </Button>
      </div>
    </div>
  );
}

function ToldPassword({ recipient: { name, address, password } }: { recipient: WritingRecipient }) {
  const t = useTexts(texts);
  const [isShown, setShown] = useState(false);
  const who = name || address;
  return (
    <li class="told">
      <bdi>{t.call(who)}</bdi>
      <div class="told__row">
        <span class="code-text told__password">{isShown ? password : '••••••••'}</span>
        <Button label={isShown ? t.hidePasswordFor(who) : t.showPasswordFor(who)} onClick={() => setShown(!isShown)}>
          {isShown ? t.hide : t.show}
        </Button>
      </div>
    </li>
  );
}

function WhatNow({ recipients }: { recipients: WritingRecipient[] }) {
  const t = useTexts(texts);
  const told = recipients.filter(({ password }) => password);
  return (
    <>
      <h2 class="utrecht-heading-2">{t.nowTitle}</h2>
      {told.length === 0 && <p class="utrecht-paragraph">{t.nothing}</p>}
      {told.length > 0 && (
        <>
          <ul class="tolds">
            {told.map((each) => (
              <ToldPassword key={each.address} recipient={each} />
            ))}
          </ul>
          <Alert kind="warning">
            <p class="utrecht-paragraph">{t.neverMail}</p>
          </Alert>
          <p class="utrecht-paragraph quiet">{t.onlyNow}</p>
        </>
      )}
    </>
  );
}

export function Sent({ writing }: { writing: Writing }) {
  const t = useTexts(texts);
  const format = useFormat();
  const left = useSecondsLeft(writing);
  // As they were when this page came: taking back empties `writing` while the counter may still draw this once more.
  const [sent] = useState(writing.sent!);
  const [recipients] = useState(() => writing.checked());
  return (
    <div class="card">
      <StateHeading>{t.sentTitle}</StateHeading>
      {left > 0 ? (
        <Undo writing={writing} left={left} />
      ) : (
        <Alert kind="ok">
          <p class="utrecht-paragraph">{t.gone(recipients.length)}</p>
        </Alert>
      )}
      <p class="utrecht-paragraph">{t.until(format.dateTime(sent.expires_ms))}</p>
      <WhatNow recipients={recipients} />
      <div class="actions">
        <Link to={`/message#${sent.message}`} class="utrecht-button utrecht-button--secondary-action utrecht-button-link">
          {t.follow}
        </Link>
        <Button kind="subtle" onClick={() => writing.clear()}>
          {t.another}
        </Button>
      </div>
    </div>
  );
}
