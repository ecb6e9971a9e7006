import { useState } from 'preact/hooks';

import { hasWord } from '../../client/failure';
import { resetLink } from '../../client/kept_link';
import { resetPassword } from '../../client/office';
import type { LinkParts } from '../../envelope/link';
import { FailureAlert } from '../../ui/alert';
import { Button } from '../../ui/button';
import { useTexts } from '../../ui/language';
import { Page, StateHeading } from '../../ui/page';
import { isPasswordAllowed } from '../compose/passwords';
import { NewPassword } from './password';
import { texts } from './texts';

function Set({ link, onDone, onGone }: { link: LinkParts; onDone: (email: string) => void; onGone: () => void }) {
  const t = useTexts(texts);
  const [password, setPassword] = useState('');
  const [isShort, setShort] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setShort(!isPasswordAllowed(password));
    if (!isPasswordAllowed(password) || isBusy) return;
    setBusy(true);
    setError(null);
    try {
      const email = await resetPassword(link, password);
      resetLink.forget();
      onDone(email);
    } catch (failure) {
      if (hasWord(failure, 'gone')) {
        resetLink.forget();
        return onGone();
      }
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <form class="card" noValidate onSubmit={(event) => void submit(event)}>
      <StateHeading>{t.resetTitle}</StateHeading>
      <p class="utrecht-paragraph">{t.resetText}</p>
      <FailureAlert error={error} />
      <NewPassword value={password} isShort={isShort} onInput={setPassword} />
      <div class="actions">
        <Button kind="primary" type="submit" isBusy={isBusy}>
          {t.resetSet}
        </Button>
      </div>
    </form>
  );
}

export function ResetPage({ link }: { link: LinkParts | null }) {
  const t = useTexts(texts);
  const [email, setEmail] = useState('');
  const [isGone, setGone] = useState(!link);
  const toSignIn = (
    <div class="actions">
      <a class="utrecht-link" href="/">
        {t.signIn}
      </a>
    </div>
  );
  return (
    <Page title={t.resetTitle} isNarrow>
      {isGone && (
        <div class="card">
          <StateHeading>{t.resetGone}</StateHeading>
          <p class="utrecht-paragraph">{t.resetGoneText}</p>
          {toSignIn}
        </div>
      )}
      {!isGone && email && (
        <div class="card">
          <StateHeading>{t.passwordChanged}</StateHeading>
          <p class="utrecht-paragraph">{t.resetDone(email)}</p>
          {toSignIn}
        </div>
      )}
      {!isGone && !email && link && <Set link={link} onDone={setEmail} onGone={() => setGone(true)} />}
    </Page>
  );
}
