import { useState } from 'preact/hooks';

import { hasWord } from '../../client/failure';
import { Alert, FailureAlert } from '../../ui/alert';
import { Button } from '../../ui/button';
import { PasswordField } from '../../ui/field';
import { useSharedTexts, useTexts } from '../../ui/language';
import { Strength } from '../compose/checks';
import { isPasswordAllowed } from '../compose/passwords';
import { useSession } from '../session';
import { texts } from './texts';

export function NewPassword({ value, isShort, onInput }: { value: string; isShort: boolean; onInput: (password: string) => void }) {
  const t = useTexts(texts);
  const error = isShort && !isPasswordAllowed(value) ? t.passwordShort : undefined;
  return (
    <div class="password">
      <PasswordField label={t.passwordNew} hint={t.passwordNewHint} autoComplete="new-password" isRequired value={value} onInput={onInput} error={error} />
      {value && <Strength password={value} forbidden={[]} />}
    </div>
  );
}

export function Password() {
  const t = useTexts(texts);
  const shared = useSharedTexts();
  const { office, run } = useSession();
  const [old, setOld] = useState('');
  const [fresh, setFresh] = useState('');
  const [isTried, setTried] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [isDone, setDone] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setTried(true);
    setDone(false);
    if (!old || !isPasswordAllowed(fresh) || isBusy) return;
    setBusy(true);
    setError(null);
    try {
      await run(() => office.changePassword(old, fresh));
      setOld('');
      setFresh('');
      setTried(false);
      setDone(true);
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  };
  const isWrong = hasWord(error, 'wrong-secret');
  const oldError = isWrong ? t.passwordWrong : isTried && !old ? shared.required : undefined;
  return (
    <form class="card" noValidate aria-labelledby="password" onSubmit={(event) => void submit(event)}>
      <h2 class="utrecht-heading-2 first" id="password">
        {t.passwordTitle}
      </h2>
      <p class="utrecht-paragraph quiet">{t.passwordText}</p>
      {isDone && <Alert kind="ok">{t.passwordChanged}</Alert>}
      <FailureAlert error={isWrong ? null : error} />
      <PasswordField label={t.passwordOld} autoComplete="current-password" isRequired value={old} onInput={setOld} error={oldError} />
      <NewPassword value={fresh} isShort={isTried} onInput={setFresh} />
      <div class="actions">
        <Button type="submit" isBusy={isBusy}>
          {t.passwordChange}
        </Button>
      </div>
    </form>
  );
}
