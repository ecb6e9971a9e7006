import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

import { ROLES } from '../../protocol/protocol';
import { Alert } from '../../ui/alert';
import { Button } from '../../ui/button';
import { Radios, Select } from '../../ui/choice';
import { Dialog } from '../../ui/dialog';
import { TextField } from '../../ui/field';
import { useSharedTexts, useTexts } from '../../ui/language';
import { StateHeading } from '../../ui/page';
import { dropFragment, usePlace } from '../router';
import { useSession } from '../session';
import { texts as office } from '../texts';
import { parseAddresses } from './addresses';
import { BodyField } from './body';
import { type Faults, faultsOf, isFaulty } from './check';
import { Checks } from './checks';
import { Attachments } from './files';
import { RecipientsField } from './recipients';
import { Sent } from './sent';
import { Sending, Summary } from './summary';
import { texts } from './texts';
import { type Writing, useWriting } from './writing';

const NO_FAULTS: Faults = { passwords: new Map() };

/** Of a link in another program: "/compose#to=ann@example.nl,bob@example.nl". Only addresses: content stays out. */
export function addressesOf(fragment: string): ReturnType<typeof parseAddresses> | null {
  const found = /^to=(.{1,4000})$/s.exec(fragment);
  if (!found) return null;
  try {
    return parseAddresses(decodeURIComponent(found[1]!.replace(/\+/g, '%2B')));
  } catch {
    return null;
  }
}

function Notices({ writing }: { writing: Writing }) {
  const t = useTexts(texts);
  const { lostFiles } = writing;
  return (
    <>
      {writing.takenBack !== 'no' && (
        <Alert kind="ok">
          <p class="utrecht-paragraph">{writing.takenBack === 'inTime' ? t.takenBack : t.takenBackLate}</p>
        </Alert>
      )}
      {lostFiles && (
        <Alert kind="info">
          <p class="utrecht-paragraph">{t.restored}</p>
          {lostFiles.length > 0 && <p class="utrecht-paragraph">{t.restoredFiles(lostFiles.join(', '))}</p>}
        </Alert>
      )}
    </>
  );
}

function Lifetime({ writing }: { writing: Writing }) {
  const t = useTexts(texts);
  const words = useTexts(office);
  const shared = useSharedTexts();
  const options = useSession().policy.lifetimes.map((days) => ({
    value: days,
    label: words.lifetime[days]!,
    hint: t.lifetimeHint[days],
  }));
  const languages = (['nl', 'en'] as const).map((value) => ({ value, label: shared.languageNames[value] }));
  return (
    <section class="part">
      <Radios legend={t.lifetime} hint={t.lifetimeAfter} options={options} value={writing.lifetimeDays} onChange={(lifetimeDays) => writing.set({ lifetimeDays })} />
      <Select label={t.language} options={languages} value={writing.language} onChange={(language) => writing.set({ language })} />
    </section>
  );
}

function Discard({ writing }: { writing: Writing }) {
  const t = useTexts(texts);
  const [isAsking, setAsking] = useState(false);
  return (
    <>
      {writing.isDirty && (
        <Button kind="subtle" onClick={() => setAsking(true)}>
          {t.startOver}
        </Button>
      )}
      {isAsking && (
        <Dialog title={t.discardTitle} onClose={() => setAsking(false)}>
          <p class="utrecht-paragraph">{t.discardText}</p>
          <div class="actions">
            <Button
              kind="primary"
              onClick={() => {
                setAsking(false);
                writing.clear();
              }}
            >
              {t.discard}
            </Button>
            <Button onClick={() => setAsking(false)}>{t.keepWriting}</Button>
          </div>
        </Dialog>
      )}
    </>
  );
}

/** What policy does not allow (any more) is not left chosen where nobody sees it. */
function usePolicy(writing: Writing): void {
  const { policy } = useSession();
  useEffect(() => {
    const isAllowed = (method: number): boolean => (method & policy.methods) !== 0;
    if (!isAllowed(writing.method)) writing.set({ method: policy.defaultMethod });
    for (const each of writing.recipients) if (!isAllowed(each.method)) writing.setCheck(each.address, { method: policy.defaultMethod });
    if (!policy.lifetimes.includes(writing.lifetimeDays)) writing.set({ lifetimeDays: policy.defaultLifetime });
  });
}

function Form({ writing }: { writing: Writing }) {
  const t = useTexts(texts);
  const { policy } = useSession();
  usePolicy(writing);
  const form = useRef<HTMLFormElement>(null);
  const [isTried, setTried] = useState(0);
  const faults = isTried ? faultsOf(writing, policy) : NO_FAULTS;
  useLayoutEffect(() => {
    if (isTried) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [isTried]);
  const submit = (event: Event): void => {
    event.preventDefault();
    writing.takeTyped();
    if (isFaulty(faultsOf(writing, policy))) setTried(isTried + 1);
    else writing.show('checking');
  };
  const count = [faults.recipients, faults.subject, faults.body].filter(Boolean).length + faults.passwords.size;
  return (
    <form class="card" noValidate ref={form} onSubmit={submit}>
      <StateHeading>{writing.parent ? t.answerTitle : t.title}</StateHeading>
      <Notices writing={writing} />
      <p class="utrecht-paragraph quiet">{t.intro}</p>
      <RecipientsField writing={writing} error={faults.recipients && t.missing[faults.recipients]} />
      <TextField label={t.subject} hint={t.subjectHint} isRequired value={writing.subject} onInput={(subject) => writing.set({ subject })} error={faults.subject && t.missing[faults.subject]} />
      <BodyField writing={writing} error={faults.body && t.missing[faults.body]} />
      <Attachments writing={writing} />
      <Checks writing={writing} faults={faults} allowed={policy.methods} />
      <Lifetime writing={writing} />
      {count > 0 && (
        <Alert kind="error">
          <p class="utrecht-paragraph">{t.fix(count)}</p>
        </Alert>
      )}
      <div class="actions">
        <Button kind="primary" type="submit">
          {t.next}
        </Button>
        <Discard writing={writing} />
      </div>
    </form>
  );
}

const PHASES = { writing: Form, checking: Summary, sending: Sending, sent: Sent };

export function ComposePage({ writing }: { writing: Writing }) {
  useWriting(writing);
  const place = usePlace();
  const words = useTexts(office);
  const { profile } = useSession();
  useEffect(() => {
    const found = addressesOf(place.fragment);
    if (!found) return;
    writing.begin({ recipients: found.good });
    dropFragment();
  }, [place.fragment, writing]);
  // Left after sending: the next visit begins a new message.
  useEffect(() => () => void (writing.phase === 'sent' && writing.clear()), [writing]);
  if (!(profile.roles & ROLES.ROLE_SENDER))
    return (
      <div class="card">
        <StateHeading>{words.compose}</StateHeading>
        <p class="utrecht-paragraph">{words.notSender}</p>
      </div>
    );
  const Phase = PHASES[writing.phase];
  return <Phase writing={writing} />;
}
