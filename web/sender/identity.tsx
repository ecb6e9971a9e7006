// The server shows another identity than this browser knows. Usually somebody moved the server, but
// it is also how an attack would look: nobody passes here by a habit of pressing buttons.

import { useEffect, useState } from 'preact/hooks';

import { Office, forgetIdentity, rememberedPin } from '../client/office';
import { toHex } from '../envelope/bytes';
import { Alert } from '../ui/alert';
import { Button } from '../ui/button';
import { Checkbox } from '../ui/choice';
import { useTexts } from '../ui/language';
import { StateHeading } from '../ui/page';
import { texts } from './texts';

/** "1f2a 33b0 ...": to be compared by telephone. */
function spoken(pin: Uint8Array): string {
  return toHex(pin).replace(/(.{4})(?=.)/g, '$1 ');
}

export function IdentityChanged({ onAccepted }: { onAccepted: () => void }) {
  const t = useTexts(texts);
  const [seen, setSeen] = useState<Uint8Array | null>(null);
  const [isChecked, setChecked] = useState(false);
  const [isMissing, setMissing] = useState(false);
  useEffect(() => {
    Office.open({ pin: undefined }).then(({ server }) => setSeen(server.pin), () => setSeen(null));
  }, []);
  const known = rememberedPin();
  const accept = (): void => {
    setMissing(!isChecked);
    if (!isChecked) return;
    forgetIdentity();
    onAccepted();
  };
  return (
    <div class="card">
      <StateHeading>{t.changedTitle}</StateHeading>
      <Alert kind="error">
        <p class="utrecht-paragraph">{t.changedText}</p>
      </Alert>
      <p class="utrecht-paragraph">{t.changedWhatNow}</p>
      <dl class="info">
        {known && (
          <>
            <dt>{t.changedKnown}</dt>
            <dd class="code-text">{spoken(known)}</dd>
          </>
        )}
        {seen && (
          <>
            <dt>{t.changedSeen}</dt>
            <dd class="code-text">{spoken(seen)}</dd>
          </>
        )}
      </dl>
      {seen && (
        <>
          <Checkbox label={t.changedChecked} isChecked={isChecked} onChange={setChecked} error={isMissing ? t.changedMissing : undefined} />
          <div class="actions">
            <Button onClick={accept}>{t.changedGoOn}</Button>
          </div>
        </>
      )}
    </div>
  );
}
