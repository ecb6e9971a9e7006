import { useEffect, useState } from 'preact/hooks';

import { Office } from '../client/office';
import { Alert, FailureAlert } from '../ui/alert';
import { Button } from '../ui/button';
import { PasswordField, TextField } from '../ui/field';
import { useSharedTexts, useTexts } from '../ui/language';
import { Page, StateHeading } from '../ui/page';
import { texts } from './texts';

function SignIn({ office, onDone }: { office: Office; onDone: () => void }) {
  const t = useTexts(texts);
  const shared = useSharedTexts();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [isMissing, setMissing] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setMissing(!email || !password);
    if (!email || !password || isBusy) return;
    setBusy(true);
    setError(null);
    try {
      await office.signIn(email, password);
      onDone();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <form class="card" noValidate onSubmit={(event) => void submit(event)}>
      <StateHeading>{t.signIn}</StateHeading>
      <FailureAlert error={error} />
      <TextField label={t.email} type="email" autoComplete="username" isRequired value={email} onInput={setEmail} error={isMissing && !email ? shared.required : undefined} />
      <PasswordField label={t.password} autoComplete="current-password" isRequired value={password} onInput={setPassword} error={isMissing && !password ? shared.required : undefined} />
      <div class="actions">
        <Button kind="primary" type="submit" isBusy={isBusy}>
          {t.signIn}
        </Button>
      </div>
    </form>
  );
}

export function App() {
  const t = useTexts(texts);
  const shared = useSharedTexts();
  const [office, setOffice] = useState<Office | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [, redraw] = useState(0);
  useEffect(() => {
    Office.open().then(setOffice, setError);
  }, []);
  const profile = office?.profile;
  return (
    <Page title={t.title} organisation={profile?.organisation_name} isNarrow>
      {!office && !error && <p class="utrecht-paragraph">{shared.loading}</p>}
      <FailureAlert error={error} />
      {office && !profile && <SignIn office={office} onDone={() => redraw((count) => count + 1)} />}
      {profile && (
        <Alert kind="ok">
          <p class="utrecht-paragraph">{t.welcome(profile.name)}</p>
        </Alert>
      )}
    </Page>
  );
}
