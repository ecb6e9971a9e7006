// What senders may choose. Nothing is saved before the administrator has read what changes by it.

import { useCallback, useState } from 'preact/hooks';

import { LIMITS, type OrganisationReply } from '../../protocol/protocol';
import { useSession } from '../../sender/session';
import { FailureAlert } from '../../ui/alert';
import { Button } from '../../ui/button';
import { Checkboxes } from '../../ui/checkboxes';
import { Radios, Select } from '../../ui/choice';
import { Dialog } from '../../ui/dialog';
import { useFaultFocus } from '../../ui/faults';
import { useFormat } from '../../ui/format';
import { useSharedTexts, useTexts } from '../../ui/language';
import { StateHeading } from '../../ui/page';
import { Answered, useAnswer, useDeed } from '../answer';
import { texts as admin_texts } from '../texts';
import { LEVELS, LIFETIMES, type Rules, allowedDays, allowedMethods, changesOf, rulesOf, settled } from './rules';
import { texts } from './texts';

interface ChoicesProps {
  rules: Rules;
  isTried: boolean;
  change: (more: Partial<Rules>) => void;
}

function Methods({ rules, isTried, change }: ChoicesProps) {
  const t = useTexts(texts);
  const methods = LEVELS.map((value) => ({ value, label: t.method[value]!, hint: t.methodHint[value] }));
  const floors = [0, ...LEVELS].map((value) => ({ value, label: t.floors[value]!, hint: t.floorHints[value] }));
  const error = !rules.methods ? t.methodsMissing : allowedMethods(rules).length ? undefined : t.floorHides;
  return (
    <>
      <Checkboxes legend={t.methods} options={methods} bits={rules.methods} error={isTried ? error : undefined} onChange={(bits) => change({ methods: bits })} />
      <Radios legend={t.floor} hint={t.floorHint} options={floors} value={rules.method_floor} onChange={(method_floor) => change({ method_floor })} />
    </>
  );
}

function Lifetimes({ rules, isTried, change }: ChoicesProps) {
  const t = useTexts(texts);
  const options = LIFETIMES.map((value) => ({ value, label: t.lifetime[value]!, hint: t.lifetimeHint[value] }));
  const error = isTried && !rules.lifetimes ? t.lifetimesMissing : undefined;
  return <Checkboxes legend={t.lifetimes} options={options} bits={rules.lifetimes} error={error} onChange={(lifetimes) => change({ lifetimes })} />;
}

function Presets({ rules, change }: Omit<ChoicesProps, 'isTried'>) {
  const t = useTexts(texts);
  const none = { value: 0, label: t.noDefault };
  const methods = [none, ...allowedMethods(rules).map((value) => ({ value, label: t.method[value]! }))];
  const days = [none, ...allowedDays(rules).map((value) => ({ value, label: t.days[value]! }))];
  return (
    <>
      <h2 class="utrecht-heading-2">{t.defaults}</h2>
      <p class="utrecht-paragraph">{t.defaultsText}</p>
      <Select label={t.defaultMethod} options={methods} value={rules.default_method} onChange={(default_method) => change({ default_method })} />
      <Select label={t.defaultLifetime} options={days} value={rules.default_lifetime_days} onChange={(default_lifetime_days) => change({ default_lifetime_days })} />
    </>
  );
}

/** Disk and machine are the operator's: he sets these at the server, and here they are told. */
function Limits({ organisation }: { organisation: OrganisationReply }) {
  const t = useTexts(texts);
  const format = useFormat();
  return (
    <>
      <h2 class="utrecht-heading-2">{t.limits}</h2>
      <p class="utrecht-paragraph">{t.limitsText}</p>
      <ul class="steps">
        <li>{t.limitRecipients(format.number(organisation.recipients_max))}</li>
        <li>{t.limitAttachments(format.number(organisation.attachments_max), format.bytes(LIMITS.ATTACHMENT_BYTES_MAX))}</li>
        <li>{t.limitStored(format.bytes(organisation.total_bytes_max), format.bytes(organisation.stored_bytes))}</li>
      </ul>
    </>
  );
}

interface SureProps {
  changes: string[];
  isBusy: boolean;
  error: unknown;
  onYes: () => void;
  onNo: () => void;
}

function Sure({ changes, isBusy, error, onYes, onNo }: SureProps) {
  const t = useTexts(texts);
  const shared = useSharedTexts();
  return (
    <Dialog title={t.askTitle} onClose={onNo}>
      <FailureAlert error={error} />
      <p class="utrecht-paragraph">{t.askText}</p>
      <ul class="steps">
        {changes.map((each) => (
          <li key={each}>{each}</li>
        ))}
      </ul>
      <div class="actions">
        <Button kind="primary" isBusy={isBusy} onClick={onYes}>
          {t.sure}
        </Button>
        <Button onClick={onNo}>{shared.cancel}</Button>
      </div>
    </Dialog>
  );
}

function Form({ organisation, onSaved }: { organisation: OrganisationReply; onSaved: () => void }) {
  const t = useTexts(texts);
  const admin = useTexts(admin_texts);
  const { office, renewOrganisation } = useSession();
  const { isBusy, error, act } = useDeed();
  const before = rulesOf(organisation);
  const [rules, setRules] = useState<Rules>(before);
  const [isTried, setTried] = useState(false);
  const [isAsking, setAsking] = useState(false);
  const [outcome, setOutcome] = useState<'saved' | 'nothingChanged' | null>(null);
  const { form, point } = useFaultFocus();
  const changes = changesOf(before, rules, t);
  const isGood = allowedMethods(rules).length > 0 && rules.lifetimes !== 0;
  const change = (more: Partial<Rules>): void => {
    setOutcome(null);
    setRules(settled({ ...rules, ...more }));
  };
  const look = (event: Event): void => {
    event.preventDefault();
    setTried(true);
    if (!isGood) point();
    setOutcome(isGood && changes.length === 0 ? 'nothingChanged' : null);
    setAsking(isGood && changes.length > 0);
  };
  const save = async (): Promise<void> => {
    await office.call('policy_set', rules);
    await renewOrganisation().catch(() => {}); // saved all the same; the form of a new message follows later
  };
  const onYes = async (): Promise<void> => {
    if (!(await act(save))) return;
    setAsking(false);
    setOutcome('saved');
    onSaved();
  };
  return (
    <form class="card narrow" noValidate ref={form} onSubmit={look}>
      <StateHeading>{t.title}</StateHeading>
      <p class="utrecht-paragraph">{t.intro}</p>
      <Methods rules={rules} isTried={isTried} change={change} />
      <Lifetimes rules={rules} isTried={isTried} change={change} />
      <Presets rules={rules} change={change} />
      <Limits organisation={organisation} />
      <div class="actions">
        <Button kind="primary" type="submit">
          {t.look}
        </Button>
        <span role="status">{outcome && admin[outcome]}</span>
      </div>
      {isAsking && <Sure changes={changes} isBusy={isBusy} error={error} onYes={() => void onYes()} onNo={() => setAsking(false)} />}
    </form>
  );
}

export function PolicyPage() {
  const { office } = useSession();
  const ask = useCallback(() => office.organisation(), [office]);
  const answer = useAnswer(ask);
  return <Answered answer={answer}>{(organisation) => <Form organisation={organisation} onSaved={answer.again} />}</Answered>;
}
