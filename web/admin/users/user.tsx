// One account: what it is called and may do, a new password, the second step, and its end.

import { type ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

import { hasWord } from '../../client/failure';
import { ROLES, type UserItem } from '../../protocol/protocol';
import { Link } from '../../sender/link';
import { useSession } from '../../sender/session';
import { Alert, FailureAlert } from '../../ui/alert';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { useFaultFocus } from '../../ui/faults';
import { TextField } from '../../ui/field';
import { useFormat } from '../../ui/format';
import { isolate } from '../../ui/isolate';
import { useSharedTexts, useTexts } from '../../ui/language';
import { StateHeading } from '../../ui/page';
import { useDeed } from '../answer';
import { texts as shared_admin } from '../texts';
import { type How, HowChoice, type Issued, IssuedLink } from './one_time_link';
import { Roles, rolesIn } from './roles';
import { State } from './state';
import { texts } from './texts';

interface UserProps {
  user: UserItem;
  isOnlyAdmin: boolean;
  onChanged: () => void;
}

type Change = Partial<Pick<UserItem, 'name' | 'roles' | 'is_disabled'>> & { removes_totp?: boolean };

/** A change of an account is told as its whole state; what is not named stays. */
function useChange({ user, onChanged }: Pick<UserProps, 'user' | 'onChanged'>) {
  const { office } = useSession();
  const { isBusy, error, act } = useDeed();
  const change = async (what: Change): Promise<boolean> => {
    const { name, roles, is_disabled, removes_totp = false } = { ...user, ...what };
    const isDone = await act(() => office.call('user_change', { user: user.user, name: name || user.email, roles, is_disabled, removes_totp }));
    if (isDone) onChanged();
    return isDone;
  };
  return { isBusy, error, change };
}

/** A refused change; the last administrator is said in words. */
function Refused({ error }: { error: unknown }) {
  const t = useTexts(texts);
  if (!hasWord(error, 'conflict')) return <FailureAlert error={error} />;
  return (
    <Alert kind="error">
      <p class="utrecht-paragraph">{t.lastAdmin}</p>
    </Alert>
  );
}

/** A part of the page with a heading of its own; what was done in it is said at its top. */
function Part({ title, done, children }: { title: string; done?: string | false; children: ComponentChildren }) {
  return (
    <section class="part">
      <h2 class="utrecht-heading-2 first">{title}</h2>
      {done && <Alert kind="ok">{done}</Alert>}
      {children}
    </section>
  );
}

function About(props: UserProps) {
  const { user } = props;
  const t = useTexts(texts);
  const format = useFormat();
  const { office } = useSession();
  const { isBusy, error, change } = useChange(props);
  const [isUnlocked, setUnlocked] = useState(false);
  const isLocked = !user.is_disabled && user.locked_until_ms > office.server.nowMs();
  return (
    <>
      <dl class="info">
        <dt>{t.email}</dt>
        <dd>
          <bdi>{user.email}</bdi>
        </dd>
        <dt>{t.state}</dt>
        <dd>
          <State user={user} nowMs={office.server.nowMs()} />
        </dd>
        <dt>{t.roles}</dt>
        <dd>{rolesIn(user.roles, t)}</dd>
        <dt>{t.lastSignIn}</dt>
        <dd>{user.last_sign_in_ms ? format.dateTime(user.last_sign_in_ms) : t.never}</dd>
      </dl>
      <Refused error={error} />
      {isUnlocked && !isLocked && <Alert kind="ok">{t.unlocked}</Alert>}
      {isLocked && (
        <Alert kind="warning">
          <p class="utrecht-paragraph">{t.lockedUntil(format.time(user.locked_until_ms))}</p>
          <Button isBusy={isBusy} onClick={() => void change({}).then(setUnlocked)}>
            {t.unlock}
          </Button>
        </Alert>
      )}
    </>
  );
}

function Details(props: UserProps) {
  const { user, isOnlyAdmin } = props;
  const t = useTexts(texts);
  const admin = useTexts(shared_admin);
  const shared = useSharedTexts();
  const { profile } = useSession();
  const { isBusy, error, change } = useChange(props);
  const [name, setName] = useState(user.name);
  const [roles, setRoles] = useState(user.roles);
  const [isTried, setTried] = useState(false);
  const [said, setSaid] = useState('');
  const { form, point } = useFaultFocus();
  const isOwn = user.user === profile.user;
  const losesLast = isOnlyAdmin && (roles & ROLES.ROLE_ADMIN) === 0;
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setTried(true);
    setSaid('');
    if (!name.trim() || !roles || losesLast) return point();
    if (name.trim() === user.name && roles === user.roles) return setSaid(admin.nothingChanged);
    if (await change({ name: name.trim(), roles })) setSaid(admin.saved);
  };
  const rolesError = !isTried ? undefined : !roles ? t.rolesMissing : losesLast ? t.lastAdmin : undefined;
  return (
    <Part title={t.details}>
      <form noValidate ref={form} onSubmit={(event) => void submit(event)}>
        <Refused error={error} />
        <TextField label={t.name} hint={t.nameHint} isRequired value={name} error={isTried && !name.trim() ? shared.required : undefined} onInput={setName} />
        <Roles roles={roles} hint={isOnlyAdmin ? t.onlyAdmin : isOwn ? t.own : t.rolesEnd} error={rolesError} onChange={setRoles} />
        <div class="actions">
          <Button kind="primary" type="submit" isBusy={isBusy}>
            {admin.save}
          </Button>
          <span role="status">{said}</span>
        </div>
      </form>
    </Part>
  );
}

function Reset({ user }: { user: UserItem }) {
  const t = useTexts(texts);
  const { office } = useSession();
  const { isBusy, error, act } = useDeed();
  const [how, setHow] = useState<How>('mail');
  const [issued, setIssued] = useState<Issued | null>(null);
  const issue = async (): Promise<void> => {
    const { link, expires_ms } = await office.call('reset_issue', { user: user.user, is_mailed: how === 'mail' });
    setIssued({ how, link, expires_ms });
  };
  return (
    <Part title={t.resetTitle}>
      <p class="utrecht-paragraph">{t.resetText}</p>
      <FailureAlert error={error} />
      {issued && <IssuedLink issued={issued} name={user.name} email={user.email} />}
      <HowChoice how={how} onChange={setHow} />
      <Button isBusy={isBusy} onClick={() => void act(issue)}>
        {t.reset}
      </Button>
    </Part>
  );
}

interface AskedProps {
  title: string;
  text: string;
  isBusy: boolean;
  onYes: () => void;
  onNo: () => void;
  children: string;
}

function Asked({ title, text, isBusy, onYes, onNo, children }: AskedProps) {
  const shared = useSharedTexts();
  return (
    <Dialog title={title} onClose={onNo}>
      <p class="utrecht-paragraph">{text}</p>
      <div class="actions">
        <Button kind="primary" isBusy={isBusy} onClick={onYes}>
          {children}
        </Button>
        <Button onClick={onNo}>{shared.cancel}</Button>
      </div>
    </Dialog>
  );
}

function SecondStep(props: UserProps) {
  const { user } = props;
  const t = useTexts(texts);
  const { isBusy, error, change } = useChange(props);
  const [isAsking, setAsking] = useState(false);
  const [isDone, setDone] = useState(false);
  const remove = async (): Promise<void> => {
    setDone(await change({ removes_totp: true }));
    setAsking(false);
  };
  return (
    <Part title={t.totpTitle} done={isDone && t.totpRemoved}>
      <Refused error={error} />
      <p class="utrecht-paragraph">{user.has_totp ? t.totpOn : t.totpOff}</p>
      {user.has_totp && <Button onClick={() => setAsking(true)}>{t.totpRemove}</Button>}
      {isAsking && (
        <Asked title={t.totpAsk(isolate(user.name))} text={t.totpAskText} isBusy={isBusy} onYes={() => void remove()} onNo={() => setAsking(false)}>
          {t.totpRemove}
        </Asked>
      )}
    </Part>
  );
}

function Ending(props: UserProps) {
  const { user, isOnlyAdmin } = props;
  const t = useTexts(texts);
  const { isBusy, error, change } = useChange(props);
  const [isAsking, setAsking] = useState(false);
  const [isDone, setDone] = useState(false);
  const set = async (is_disabled: boolean): Promise<void> => {
    setDone(await change({ is_disabled }));
    setAsking(false);
  };
  if (user.is_disabled)
    return (
      <Part title={t.enableTitle} done={isDone && t.disabled}>
        <Refused error={error} />
        <p class="utrecht-paragraph">{t.enableText}</p>
        <Button isBusy={isBusy} onClick={() => void set(false)}>
          {t.enable}
        </Button>
      </Part>
    );
  return (
    <Part title={t.disableTitle} done={isDone && t.enabled}>
      <Refused error={error} />
      <p class="utrecht-paragraph">{isOnlyAdmin ? t.onlyAdmin : t.disableText}</p>
      {!isOnlyAdmin && <Button onClick={() => setAsking(true)}>{t.disable}</Button>}
      {isAsking && (
        <Asked title={t.disableAsk(isolate(user.name))} text={t.disableText} isBusy={isBusy} onYes={() => void set(true)} onNo={() => setAsking(false)}>
          {t.disable}
        </Asked>
      )}
    </Part>
  );
}

export function UserPage(props: UserProps) {
  const { user } = props;
  const t = useTexts(texts);
  return (
    <div class="card narrow">
      <p class="utrecht-paragraph">
        <Link to="/admin#users">{t.back}</Link>
      </p>
      <StateHeading>
        <bdi>{user.name || user.email}</bdi>
      </StateHeading>
      <About {...props} />
      {user.is_altered ? (
        <Alert kind="error">
          <p class="utrecht-paragraph">{t.altered}</p>
        </Alert>
      ) : (
        <>
          <Details {...props} />
          {!user.is_disabled && <Reset user={user} />}
          <SecondStep {...props} />
          <Ending {...props} />
        </>
      )}
    </div>
  );
}
