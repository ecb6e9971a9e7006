// A one-time link to set a password: how it shall go, and what became of it.

import { Alert } from '../../ui/alert';
import { Radios } from '../../ui/choice';
import { CopyText } from '../../ui/copy';
import { useFormat } from '../../ui/format';
import { useTexts } from '../../ui/language';
import { texts } from './texts';

export type How = 'mail' | 'show';

export interface Issued {
  how: How;
  link: string;
  expires_ms: number;
}

export function HowChoice({ how, onChange }: { how: How; onChange: (how: How) => void }) {
  const t = useTexts(texts);
  const options = [
    { value: 'mail', label: t.mail, hint: t.mailHint },
    { value: 'show', label: t.show, hint: t.showHint },
  ] as const;
  return <Radios<How> legend={t.how} options={options} value={how} onChange={onChange} />;
}

export function IssuedLink({ issued, name, email }: { issued: Issued; name: string; email: string }) {
  const t = useTexts(texts);
  const format = useFormat();
  const until = t.linkUntil(format.dateTime(issued.expires_ms));
  if (issued.how === 'mail')
    return (
      <Alert kind="ok">
        <p class="utrecht-paragraph">
          <bdi>{t.mailed(email)}</bdi> {until}
        </p>
      </Alert>
    );
  return (
    <>
      <Alert kind="warning">
        <p class="utrecht-paragraph">
          {t.linkText} {until}
        </p>
      </Alert>
      <CopyText text={issued.link} label={t.linkFor(name)} />
    </>
  );
}
