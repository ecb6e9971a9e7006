import { useLayoutEffect, useRef, useState } from 'preact/hooks';

import { Failure, isAnswerLost } from '../client/failure';
import type { Office } from '../client/office';
import { Alert, FailureAlert } from '../ui/alert';
import { Button } from '../ui/button';
import { PasswordField, TextField } from '../ui/field';
import { useFormat } from '../ui/format';
import { useSharedTexts, useTexts } from '../ui/language';
import { StateHeading } from '../ui/page';
import { rememberEmail } from './session';
import { texts } from './texts';

interface SignInProps {
  office: Office;
  onDone: () => void;
  /** Who it was, when a session has ended: nobody else goes on with his work. */
  fixedEmail?: string | undefined;
  onOther?: (() => void) | undefined;
}

interface Entered {
  email: string;
  password: string;
  code: string;
}

function isCodeNeeded(error: unknown): boolean {
  return error instanceof Failure && error.word === 'code-needed';
}

/** A code of an app, or a recovery code as it stands on paper. */
function cleanCode(text: string): string {
  const code = text.replace(/[\s]/g, '').toUpperCase();
  return /^[A-Z0-9]{10}$/.test(code) ? `${code.slice(0, 5)}-${code.slice(5)}` : code;
}

function SignInError({ error, hasCode }: { error: unknown; hasCode: boolean }) {
  const t = useTexts(texts);
  const format = useFormat();
  if (!(error instanceof Failure)) return <FailureAlert error={error} />;
  if (error.word === 'wrong-secret')
    return (
      <Alert kind="error">
        <p class="utrecht-paragraph">{hasCode ? t.wrongWithCode : t.wrong}</p>
        {error.attemptsLeft > 0 && error.attemptsLeft < 5 && <p class="utrecht-paragraph">{t.attemptsLeft(error.attemptsLeft)}</p>}
      </Alert>
    );
  if (error.word === 'locked')
    return (
      <Alert kind="error">
        <p class="utrecht-paragraph">{error.untilMs ? t.lockedUntil(format.time(error.untilMs)) : t.locked}</p>
      </Alert>
    );
  return <FailureAlert error={error}>{isAnswerLost(error) && <p class="utrecht-paragraph">{t.maybeCounted}</p>}</FailureAlert>;
}

export function SignInForm({ office, onDone, fixedEmail = '', onOther }: SignInProps) {
  const t = useTexts(texts);
  const shared = useSharedTexts();
  const [entered, setEntered] = useState<Entered>({ email: fixedEmail, password: '', code: '' });
  const [needsCode, setNeedsCode] = useState(false);
  const [isMissing, setMissing] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const codeBox = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (needsCode) codeBox.current?.querySelector('input')?.focus();
  }, [needsCode]);
  const set = (more: Partial<Entered>): void => setEntered((before) => ({ ...before, ...more }));
  const isComplete = Boolean(entered.email && entered.password && (!needsCode || entered.code));
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    event.stopPropagation();
    setMissing(!isComplete);
    if (!isComplete || isBusy) return;
    setBusy(true);
    setError(null);
    try {
      const email = entered.email.trim();
      await office.signIn(email, entered.password, needsCode ? cleanCode(entered.code) : '');
      rememberEmail(email);
      onDone();
    } catch (failure) {
      if (isCodeNeeded(failure) && !needsCode) setNeedsCode(true);
      else setError(failure);
      setMissing(false);
      setBusy(false);
    }
  };
  const missing = (value: string): string | undefined => (isMissing && !value ? shared.required : undefined);
  return (
    <form noValidate onSubmit={(event) => void submit(event)}>
      <SignInError error={error} hasCode={needsCode} />
      {fixedEmail ? (
        <p class="utrecht-paragraph">
          {t.email}: <bdi class="strong">{fixedEmail}</bdi>
        </p>
      ) : (
        <TextField label={t.email} type="email" autoComplete="username" isRequired value={entered.email} onInput={(email) => set({ email })} error={missing(entered.email)} />
      )}
      <PasswordField label={t.password} autoComplete="current-password" isRequired value={entered.password} onInput={(password) => set({ password })} error={missing(entered.password)} />
      {needsCode && (
        <div ref={codeBox}>
          <TextField label={t.code} hint={t.codeHint} autoComplete="one-time-code" isRequired value={entered.code} onInput={(code) => set({ code })} error={missing(entered.code)} />
        </div>
      )}
      <div class="actions">
        <Button kind="primary" type="submit" isBusy={isBusy}>
          {t.signIn}
        </Button>
        {onOther && (
          <Button kind="subtle" onClick={onOther}>
            {t.somebodyElse}
          </Button>
        )}
      </div>
    </form>
  );
}

export function SignInPage({ office, onDone, hasEnded }: SignInProps & { hasEnded: boolean }) {
  const t = useTexts(texts);
  return (
    <div class="card">
      <StateHeading>{t.signIn}</StateHeading>
      {hasEnded ? (
        <Alert kind="ok">
          <p class="utrecht-paragraph">{t.signedOut}</p>
        </Alert>
      ) : (
        <p class="utrecht-paragraph">{t.signInText}</p>
      )}
      <SignInForm office={office} onDone={onDone} />
      <p class="utrecht-paragraph quiet sign-in__forgot">{t.forgotten}</p>
    </div>
  );
}
