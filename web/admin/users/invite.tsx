import { useState } from 'preact/hooks';

import { hasWord } from '../../client/failure';
import { isAddress } from '../../envelope/text';
import { ROLES } from '../../protocol/protocol';
import { Link } from '../../sender/link';
import { useSession } from '../../sender/session';
import { FailureAlert } from '../../ui/alert';
import { Button } from '../../ui/button';
import { useFaultFocus } from '../../ui/faults';
import { TextField } from '../../ui/field';
import { isolate } from '../../ui/isolate';
import { useSharedTexts, useTexts } from '../../ui/language';
import { StateHeading } from '../../ui/page';
import { useDeed } from '../answer';
import { type How, HowChoice, type Issued, IssuedLink } from './one_time_link';
import { Roles } from './roles';
import { texts } from './texts';

interface Newcomer {
  email: string;
  name: string;
  roles: number;
  how: How;
}

const NOBODY: Newcomer = { email: '', name: '', roles: ROLES.ROLE_SENDER, how: 'mail' };

function Made({ who, issued, onNext }: { who: Newcomer; issued: Issued; onNext: () => void }) {
  const t = useTexts(texts);
  return (
    <div class="card narrow">
      <StateHeading>{t.made(isolate(who.name))}</StateHeading>
      <IssuedLink issued={issued} name={who.name} email={who.email} />
      <div class="actions">
        <Link to="/admin#users">{t.back}</Link>
        <Button onClick={onNext}>{t.inviteNext}</Button>
      </div>
    </div>
  );
}

function Form({ onMade }: { onMade: (who: Newcomer, issued: Issued) => void }) {
  const t = useTexts(texts);
  const shared = useSharedTexts();
  const { office } = useSession();
  const { isBusy, error, act } = useDeed();
  const [who, setWho] = useState<Newcomer>(NOBODY);
  const [isTried, setTried] = useState(false);
  const { form, point } = useFaultFocus();
  const change = (more: Partial<Newcomer>): void => setWho({ ...who, ...more });
  const email = who.email.trim();
  const name = who.name.trim();
  const isGood = isAddress(email) && name !== '' && who.roles !== 0;
  const create = async (): Promise<void> => {
    const { roles, how } = who;
    const made = await office.call('user_create', { email, name, roles, password: '', is_mailed: how === 'mail' });
    onMade({ ...who, email, name }, { how, link: made.link, expires_ms: made.expires_ms });
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    setTried(true);
    if (!isGood) return point();
    void act(create).then((isMade) => isMade || point());
  };
  const isTaken = hasWord(error, 'conflict');
  const emailError = isTaken ? t.emailTaken : isTried && !isAddress(email) ? t.emailBad : undefined;
  return (
    <form class="card narrow" noValidate ref={form} onSubmit={submit}>
      <StateHeading>{t.inviteTitle}</StateHeading>
      <p class="utrecht-paragraph">{t.inviteText}</p>
      <FailureAlert error={isTaken ? null : error} />
      <TextField type="email" label={t.email} hint={t.emailHint} isRequired value={who.email} error={emailError} onInput={(value) => change({ email: value })} />
      <TextField label={t.name} hint={t.nameHint} isRequired value={who.name} error={isTried && !name ? shared.required : undefined} onInput={(value) => change({ name: value })} />
      <Roles roles={who.roles} error={isTried && !who.roles ? t.rolesMissing : undefined} onChange={(roles) => change({ roles })} />
      <HowChoice how={who.how} onChange={(how) => change({ how })} />
      <div class="actions">
        <Button kind="primary" type="submit" isBusy={isBusy}>
          {t.create}
        </Button>
        <Link to="/admin#users">{shared.cancel}</Link>
      </div>
    </form>
  );
}

export function Invite({ onMade }: { onMade: () => void }) {
  const [made, setMade] = useState<{ who: Newcomer; issued: Issued } | null>(null);
  if (made) return <Made {...made} onNext={() => setMade(null)} />;
  return <Form onMade={(who, issued) => (setMade({ who, issued }), onMade())} />;
}
