// The proof of who somebody is: a password, a code by mail, or both; or that it is closed, and until
// when. Also shown in the middle of reading, when a session has ended.

import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

import { Failure, hasWord, isAnswerLost } from '../client/failure';
import type { Visit } from '../client/visit';
import { type HelloReply, LIMITS, METHODS } from '../protocol/protocol';
import { Alert, FailureAlert } from '../ui/alert';
import { Button } from '../ui/button';
import { CodeField, PasswordField } from '../ui/field';
import { useFormat } from '../ui/format';
import { useSharedTexts, useTexts } from '../ui/language';
import { useRedraw, useSeconds } from '../ui/redraw';
import { LostAnswer, type Try } from './lost';
import { isGone } from './states';
import { texts } from './texts';

interface CheckProps {
  visit: Visit;
  /** In the middle of something, which goes on after it. */
  isAgain?: boolean;
  onDone: () => void;
  /** Nothing can be proven here any more: ended, or not genuine. */
  onEnd: (error: unknown) => void;
}

const asksPassword = (hello: HelloReply): boolean => hello.method !== METHODS.METHOD_CODE;
const asksCode = (hello: HelloReply): boolean => hello.method !== METHODS.METHOD_PASSWORD;
const isOver = (error: unknown): boolean => isGone(error) || hasWord(error, 'tampered');

/** Takes the focus when it appears: what was there before is gone. */
function Subheading({ isFocused, children }: { isFocused: boolean; children: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => {
    if (isFocused) heading.current?.focus();
  }, []);
  return (
    <h2 class="utrecht-heading-2" tabIndex={-1} ref={heading}>
      {children}
    </h2>
  );
}

export function Check({ visit, isAgain = false, onDone, onEnd }: CheckProps) {
  const [hello, setHello] = useState(visit.hello);
  const wasOpen = useRef(!hello.is_frozen && !hello.locked_until_ms);
  /** What the server says now; false when it cannot be asked. */
  const look = async (): Promise<boolean> => {
    try {
      setHello(await visit.sayHello());
      return true;
    } catch (error) {
      if (isOver(error)) onEnd(error);
      return false;
    }
  };
  const close = (failure: Failure): void => {
    visit.hello = { ...hello, attempts_left: 0, locked_until_ms: failure.untilMs, is_frozen: failure.word === 'frozen' };
    setHello(visit.hello);
  };
  if (hello.is_frozen) return <Frozen isNew={wasOpen.current} look={look} />;
  if (hello.locked_until_ms) return <Locked visit={visit} untilMs={hello.locked_until_ms} isNew={wasOpen.current} look={look} />;
  return <Proof visit={visit} isAgain={isAgain} hello={hello} look={look} onClosed={close} onDone={onDone} onEnd={onEnd} />;
}

// --- closed ---

function Frozen({ isNew, look }: { isNew: boolean; look: () => Promise<boolean> }) {
  const t = useTexts(texts);
  const [hasLooked, setLooked] = useState(false);
  return (
    <>
      <Subheading isFocused={isNew}>{t.frozen}</Subheading>
      <Alert kind="warning">
        <p class="utrecht-paragraph">{t.frozenText}</p>
        <p class="utrecht-paragraph">{t.frozenRemedy}</p>
      </Alert>
      <div class="actions">
        <Button kind="primary" onClick={() => void look().then(() => setLooked(true))}>
          {t.lookAgain}
        </Button>
        <span role="status">{hasLooked && t.stillFrozen}</span>
      </div>
    </>
  );
}

/** Opens by itself: the server is asked at the end of the lock, and when somebody comes back to the page. */
function Locked({ visit, untilMs, isNew, look }: { visit: Visit; untilMs: number; isNew: boolean; look: () => Promise<boolean> }) {
  const t = useTexts(texts);
  const format = useFormat();
  useEffect(() => {
    const again = setInterval(() => void (untilMs <= visit.server.nowMs() && look()), 5000);
    const onVisible = (): void => void (document.visibilityState === 'visible' && look());
    document.addEventListener('visibilitychange', onVisible);
    return () => {
      clearInterval(again);
      document.removeEventListener('visibilitychange', onVisible);
    };
  }, [untilMs]);
  return (
    <>
      <Subheading isFocused={isNew}>{t.locked}</Subheading>
      <Alert kind="warning">
        <p class="utrecht-paragraph">{t.lockedText(format.time(untilMs))}</p>
        <p class="utrecht-paragraph">{t.lockedRemedy}</p>
      </Alert>
      <div class="actions">
        <Button onClick={() => void look()}>{t.lookAgain}</Button>
      </div>
      <p class="utrecht-paragraph quiet">{t.lockRule}</p>
    </>
  );
}

// --- open ---

interface SentCode {
  /** 0: not known, it was sent before this page was loaded. */
  expiresMs: number;
  resendMs: number;
}

/** When a code ended of which only that is known. */
const LONG_AGO_MS = 1;

interface ProofProps extends CheckProps {
  hello: HelloReply;
  look: () => Promise<boolean>;
  onClosed: (failure: Failure) => void;
}

function Proof({ visit, isAgain, hello, look, onClosed, onDone, onEnd }: ProofProps) {
  const t = useTexts(texts);
  const form = useRef<HTMLFormElement>(null);
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [sent, setSent] = useState<SentCode | null>(hello.is_code_sent ? { expiresMs: 0, resendMs: 0 } : null);
  const [busyWith, setBusyWith] = useState<Try | null>(null);
  const [isChecked, setChecked] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const redraw = useRedraw();
  const [lost] = useState(() => new LostAnswer(visit, look, redraw));
  const needsPassword = asksPassword(hello);
  const needsCode = asksCode(hello);
  const isComplete = (!needsPassword || password !== '') && (!needsCode || code.length === LIMITS.CODE_DIGITS);

  const refused = (what: Try, failure: unknown): void => {
    if (isAnswerLost(failure)) lost.begin(what, failure);
    else if (isOver(failure)) onEnd(failure);
    else if (hasWord(failure, 'locked', 'frozen')) onClosed(failure);
    else setError(failure);
  };
  const work = async (what: Try, does: () => Promise<void>): Promise<void> => {
    if (busyWith) return;
    setBusyWith(what);
    setError(null);
    await (lost.mayTry().then((may) => may ? does() : undefined)).catch((failure) => refused(what, failure));
    setBusyWith(null);
  };
  const sendCode = (): Promise<void> =>
    work('code', async () => {
      try {
        const reply = await visit.sendCode();
        setSent({ expiresMs: reply.expires_ms, resendMs: visit.server.nowMs() + reply.resend_after_s * 1000 });
        setCode('');
      } catch (failure) {
        if (!hasWord(failure, 'rate-limited')) throw failure;
        setSent({ expiresMs: 0, resendMs: visit.server.nowMs() + failure.retryAfterS * 1000 });
      }
      focusInput(form.current, 'input[autocomplete="one-time-code"]');
    });
  const open = (): Promise<void> =>
    work('open', async () => {
      try {
        const proof = { ...(needsPassword && { password }), ...(needsCode && { code }) };
        await (isAgain ? visit.verify(proof) : visit.verifyAndOpen(proof));
      } catch (failure) {
        if (!hasWord(failure, 'wrong-secret')) throw failure;
        setChecked(false);
        await look();
        if (needsCode && !visit.hello.is_code_sent) setSent({ expiresMs: LONG_AGO_MS, resendMs: 0 });
        setError(failure);
        return focusInput(form.current, 'input[aria-invalid]');
      }
      onDone();
    });
  const submit = (event: Event): void => {
    event.preventDefault();
    if (needsCode && !sent) return void sendCode(); // Enter in the password field
    setChecked(true);
    if (isComplete) void open();
    else focusInput(form.current, 'input[aria-invalid]');
  };

  // A code may have gone out, or been used, without this page hearing of it.
  useEffect(() => {
    if (!needsCode || !lost.state || lost.state.outcome === 'unknown') return;
    if (hello.is_code_sent && !sent) setSent({ expiresMs: 0, resendMs: 0 });
    if (!hello.is_code_sent && sent) setSent({ expiresMs: LONG_AGO_MS, resendMs: 0 });
  }, [hello, lost.state?.outcome]);

  const wrong = hasWord(error, 'wrong-secret') ? error : null;
  return (
    <form ref={form} noValidate onSubmit={submit}>
      {!isAgain && <h2 class="utrecht-heading-2">{t.how}</h2>}
      {(needsPassword || !sent) && <p class="utrecht-paragraph">{needsPassword && needsCode ? t.bothSteps : needsCode ? t.codeSteps : t.passwordSteps}</p>}
      {error && !wrong ? <ProofFailure error={error} hasTyped={password !== '' || code !== ''} /> : null}
      <LostAlert lost={lost} left={hello.attempts_left} hasTyped={password !== '' || code !== ''} />
      {needsPassword && <Password value={password} onInput={setPassword} wrong={wrong} isMissing={isChecked && !password} isWithCode={needsCode} />}
      {needsCode && <CodeSending visit={visit} sent={sent} isBusy={busyWith === 'code'} onSend={() => void sendCode()} />}
      {needsCode && sent && <Code value={code} onInput={setCode} wrong={needsPassword ? null : wrong} isMissing={isChecked && code.length < LIMITS.CODE_DIGITS} />}
      {(!needsCode || sent) && (
        <>
          <div class="actions">
            <Button kind="primary" type="submit" isBusy={busyWith === 'open'}>
              {busyWith === 'open' ? t.opening : isAgain ? t.goOn : t.open}
            </Button>
          </div>
          <Attempts left={hello.attempts_left} />
        </>
      )}
    </form>
  );
}

function focusInput(form: HTMLFormElement | null, which: string): void {
  // After the next drawing: the field may not be there yet.
  requestAnimationFrame(() => setTimeout(() => form?.querySelector<HTMLInputElement>(which)?.focus()));
}

/** Busy, or away: what was typed stays, and the same button, or this one, tries again. */
function ProofFailure({ error, hasTyped, children }: { error: unknown; hasTyped: boolean; children?: ComponentChildren }) {
  const t = useTexts(texts);
  return (
    <FailureAlert error={error}>
      {children}
      {hasTyped && <p class="utrecht-paragraph">{t.typed}</p>}
    </FailureAlert>
  );
}

/** What is known of it. `left`: attempts, as the server says now. */
function LostAlert({ lost, left, hasTyped }: { lost: LostAnswer; left: number; hasTyped: boolean }) {
  const t = useTexts(texts);
  const format = useFormat();
  // A code that is on its way is told where codes are told.
  if (!lost.state || (lost.state.of === 'code' && lost.state.outcome === 'counted')) return null;
  const { of, outcome, error } = lost.state;
  if (outcome === 'unknown')
    return (
      <ProofFailure error={error} hasTyped={hasTyped}>
        <p class="utrecht-paragraph">{t.lost[of].unknown}</p>
      </ProofFailure>
    );
  const text = of === 'code' ? t.lost.code.none : `${t.lost.open[outcome]} ${t.attemptsLeft(left, format.number(left))}`;
  return (
    <Alert kind="warning">
      <p class="utrecht-paragraph">{text}</p>
      {hasTyped && <p class="utrecht-paragraph">{t.typed}</p>}
    </Alert>
  );
}

function Password({ value, onInput, wrong, isMissing, isWithCode }: { value: string; onInput: (value: string) => void; wrong: Failure | null; isMissing: boolean; isWithCode: boolean }) {
  const t = useTexts(texts);
  const shared = useSharedTexts();
  const left = useAttemptsLeft(wrong);
  const error = isMissing ? shared.required : wrong ? (isWithCode ? t.wrongBoth(left) : t.wrongPassword(left)) : undefined;
  return (
    <PasswordField label={t.password} hint={t.passwordMissing} isRequired maxLength={LIMITS.PASSWORD_BYTES_MAX} value={value} onInput={onInput} error={error} />
  );
}

function Code({ value, onInput, wrong, isMissing }: { value: string; onInput: (value: string) => void; wrong: Failure | null; isMissing: boolean }) {
  const t = useTexts(texts);
  const shared = useSharedTexts();
  const left = useAttemptsLeft(wrong);
  const error = isMissing ? shared.codeDigits : wrong ? t.wrongCode(left) : undefined;
  return <CodeField label={t.code} hint={shared.codeHint} isRequired value={value} onInput={onInput} error={error} />;
}

function useAttemptsLeft(wrong: Failure | null): string {
  const t = useTexts(texts);
  const format = useFormat();
  return wrong ? t.attemptsLeft(wrong.attemptsLeft, format.number(wrong.attemptsLeft)) : '';
}

function Attempts({ left }: { left: number }) {
  const t = useTexts(texts);
  const format = useFormat();
  const all = LIMITS.FAILURES_BEFORE_LOCK;
  return (
    <p class="utrecht-paragraph quiet">
      {left < all && `${t.attempt(format.number(all - left + 1), format.number(all))} `}
      {t.lockRule}
    </p>
  );
}

// --- the mailing of a code ---

/** "Send code"; then that it was sent, and when another may be asked for. */
function CodeSending({ visit, sent, isBusy, onSend }: { visit: Visit; sent: SentCode | null; isBusy: boolean; onSend: () => void }) {
  const t = useTexts(texts);
  const nowMs = visit.server.nowMs();
  useSeconds(sent !== null && Math.max(sent.resendMs, sent.expiresMs) > nowMs);
  const isExpired = sent !== null && sent.expiresMs > 0 && sent.expiresMs <= nowMs;
  if (!sent)
    return (
      <div class="actions">
        <Button kind="primary" isBusy={isBusy} onClick={onSend}>
          {isBusy ? t.sendingCode : t.sendCode}
        </Button>
      </div>
    );
  return (
    <div class="code">
      <CodeState sent={sent} isExpired={isExpired} />
      {sent.resendMs > nowMs ? (
        <Countdown untilMs={sent.resendMs} nowMs={nowMs} />
      ) : (
        <Button kind={isExpired ? 'primary' : 'secondary'} isBusy={isBusy} onClick={onSend}>
          {isBusy ? t.sendingCode : t.resend}
        </Button>
      )}
    </div>
  );
}

function CodeState({ sent, isExpired }: { sent: SentCode; isExpired: boolean }) {
  const t = useTexts(texts);
  const format = useFormat();
  const text = isExpired ? t.codeExpired : sent.expiresMs ? t.codeSent(format.time(sent.expiresMs)) : t.codeWasSent;
  return (
    <Alert kind={isExpired ? 'warning' : 'info'}>
      <p class="utrecht-paragraph">{text}</p>
    </Alert>
  );
}

/** Minutes and seconds for a minute's wait, a clock time for a longer one. Not read aloud: it never stops. */
function Countdown({ untilMs, nowMs }: { untilMs: number; nowMs: number }) {
  const t = useTexts(texts);
  const format = useFormat();
  const seconds = Math.ceil((untilMs - nowMs) / 1000);
  const text = seconds > 120 ? t.resendAt(format.time(untilMs)) : t.resendIn(`${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`);
  return (
    <p class="utrecht-paragraph quiet" role="timer">
      {text}
    </p>
  );
}
