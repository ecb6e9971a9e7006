import { useState } from 'preact/hooks';

import { hasWord } from '../../client/failure';
import type { TotpBeginReply } from '../../protocol/protocol';
import { Alert, FailureAlert } from '../../ui/alert';
import { Button } from '../../ui/button';
import { Checkbox } from '../../ui/choice';
import { Dialog } from '../../ui/dialog';
import { CodeField, PasswordField, TextField } from '../../ui/field';
import { useSharedTexts, useTexts } from '../../ui/language';
import { useSession } from '../session';
import { QrCode } from './qr';
import { texts } from './texts';

const CODE_DIGITS = 6;

function Begun({ begun, onCodes, onCancel }: { begun: TotpBeginReply; onCodes: (codes: string[]) => void; onCancel: () => void }) {
  const t = useTexts(texts);
  const shared = useSharedTexts();
  const { office, run } = useSession();
  const [code, setCode] = useState('');
  const [isShort, setShort] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setShort(code.length !== CODE_DIGITS);
    if (code.length !== CODE_DIGITS || isBusy) return;
    setBusy(true);
    setError(null);
    try {
      onCodes(await run(() => office.confirmTotp(code)));
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  const isWrong = hasWord(error, 'wrong-secret');
  return (
    <form noValidate onSubmit={(event) => void submit(event)}>
      <h3 class="utrecht-heading-3">{t.totpScan}</h3>
      <p class="utrecht-paragraph quiet">{t.totpScanText}</p>
      <QrCode text={begun.uri} label={t.totpQr} />
      <p class="utrecht-paragraph">
        {t.totpKey}
        <br />
        <span class="code-text">{begun.secret.replace(/(.{4})(?=.)/g, '$1 ')}</span>
      </p>
      <h3 class="utrecht-heading-3">{t.totpCode}</h3>
      <FailureAlert error={isWrong ? null : error} />
      <CodeField label={t.totpCodeLabel} isRequired value={code} onInput={setCode} error={isShort ? shared.codeDigits : isWrong ? t.totpWrong : undefined} />
      <div class="actions">
        <Button kind="primary" type="submit" isBusy={isBusy}>
          {t.totpConfirm}
        </Button>
        <Button onClick={onCancel}>{shared.cancel}</Button>
      </div>
    </form>
  );
}

function RecoveryCodes({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  const t = useTexts(texts);
  const [isSaved, setSaved] = useState(false);
  const [isMissing, setMissing] = useState(false);
  const [isCopied, setCopied] = useState(false);
  const copy = (): void => void navigator.clipboard.writeText(codes.join('\n')).then(() => setCopied(true), () => setCopied(false));
  const done = (): void => (isSaved ? onDone() : setMissing(true));
  return (
    <div class="print-only-this">
      <h3 class="utrecht-heading-3">{t.codesTitle}</h3>
      <p class="utrecht-paragraph">{t.codesText}</p>
      <ol class="recovery-codes">
        {codes.map((code) => (
          <li key={code} class="code-text">
            {code}
          </li>
        ))}
      </ol>
      <div class="actions">
        <Button onClick={() => window.print()}>{t.codesPrint}</Button>
        <Button onClick={copy}>{t.codesCopy}</Button>
        <span role="status">{isCopied && t.codesCopied}</span>
      </div>
      <div class="no-print">
        <Checkbox label={t.codesSaved} isChecked={isSaved} onChange={setSaved} error={isMissing && !isSaved ? t.codesMissing : undefined} />
        <div class="actions">
          <Button kind="primary" onClick={done}>
            {t.codesDone}
          </Button>
        </div>
      </div>
    </div>
  );
}

function Remove({ onRemoved, onClose }: { onRemoved: () => void; onClose: () => void }) {
  const t = useTexts(texts);
  const shared = useSharedTexts();
  const { office, run } = useSession();
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [isMissing, setMissing] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setMissing(!password || !code);
    if (!password || !code || isBusy) return;
    setBusy(true);
    try {
      await run(() => office.removeTotp(password, code.trim().toUpperCase()));
      onRemoved();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  const isWrong = hasWord(error, 'wrong-secret');
  return (
    <Dialog title={t.totpRemoveTitle} onClose={onClose}>
      <form noValidate onSubmit={(event) => void submit(event)}>
        <p class="utrecht-paragraph">{t.totpRemoveText}</p>
        {isWrong ? <Alert kind="error">{t.totpRemoveWrong}</Alert> : <FailureAlert error={error} />}
        <PasswordField label={t.password} autoComplete="current-password" isRequired value={password} onInput={setPassword} error={isMissing && !password ? shared.required : undefined} />
        <TextField label={t.code} autoComplete="one-time-code" isRequired value={code} onInput={setCode} error={isMissing && !code ? shared.required : undefined} />
        <div class="actions">
          <Button kind="primary" type="submit" isBusy={isBusy}>
            {t.totpRemove}
          </Button>
          <Button onClick={onClose}>{shared.cancel}</Button>
        </div>
      </form>
    </Dialog>
  );
}

type State = { is: 'still' } | { is: 'begun'; begun: TotpBeginReply } | { is: 'codes'; codes: string[] };

export function SecondFactor() {
  const t = useTexts(texts);
  const { office, run } = useSession();
  const [state, setState] = useState<State>({ is: 'still' });
  const [said, setSaid] = useState('');
  const [isRemoving, setRemoving] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const isOn = office.profile?.has_totp ?? false;
  const begin = async (): Promise<void> => {
    setError(null);
    setSaid('');
    try {
      setState({ is: 'begun', begun: await run(() => office.beginTotp()) });
    } catch (failure) {
      setError(failure);
    }
  };
  const still = (text: string): void => {
    setState({ is: 'still' });
    setRemoving(false);
    setSaid(text);
  };
  return (
    <section class="card" aria-labelledby="totp">
      <h2 class="utrecht-heading-2 first" id="totp">
        {t.totp}
      </h2>
      {said && <Alert kind="ok">{said}</Alert>}
      <FailureAlert error={error} />
      {state.is === 'still' && (
        <>
          <p class="utrecht-paragraph">{isOn ? t.totpOn : t.totpOff}</p>
          {!isOn && <p class="utrecht-paragraph">{t.totpWhy}</p>}
          <Button onClick={() => (isOn ? setRemoving(true) : void begin())}>{isOn ? t.totpRemove : t.totpBegin}</Button>
        </>
      )}
      {state.is === 'begun' && <Begun begun={state.begun} onCodes={(codes) => setState({ is: 'codes', codes })} onCancel={() => still('')} />}
      {state.is === 'codes' && <RecoveryCodes codes={state.codes} onDone={() => still(t.totpDone)} />}
      {isRemoving && <Remove onRemoved={() => still(t.totpRemoved)} onClose={() => setRemoving(false)} />}
    </section>
  );
}
