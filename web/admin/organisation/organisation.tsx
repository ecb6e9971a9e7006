// How the organisation looks to recipients, with their header before one's eyes while it is changed.

import { useCallback } from 'preact/hooks';

import { hasWord } from '../../client/failure';
import type { OrganisationReply } from '../../protocol/protocol';
import { useSession } from '../../sender/session';
import { Alert, FailureAlert } from '../../ui/alert';
import { Button } from '../../ui/button';
import { Radios } from '../../ui/choice';
import { TextField } from '../../ui/field';
import { LANGUAGES, useSharedTexts, useTexts } from '../../ui/language';
import { Sender, StateHeading } from '../../ui/page';
import { themeOf } from '../../ui/theme';
import { Answered, useAnswer } from '../answer';
import { texts as admin_texts } from '../texts';
import { Colour, OUR_COLOUR } from './colour';
import { type Profile, useForm } from './form';
import { LogoField } from './logo';
import { texts } from './texts';

function Preview({ name, colour, logo }: { name: string; colour: string; logo: Uint8Array }) {
  const t = useTexts(texts);
  const theme = themeOf(colour) ?? themeOf(OUR_COLOUR)!;
  return (
    <figure class="look">
      <figcaption class="utrecht-form-label">{t.preview}</figcaption>
      <div class="look__header" style={{ background: theme.colour, color: theme.contrast }}>
        <Sender name={name} logo={logo} />
      </div>
    </figure>
  );
}

interface EmailsProps {
  profile: Profile;
  isAddressBad: boolean;
  change: (more: Partial<Profile>) => void;
}

function Emails({ profile, isAddressBad, change }: EmailsProps) {
  const t = useTexts(texts);
  const shared = useSharedTexts();
  const languages = LANGUAGES.map((value) => ({ value: value as string, label: shared.languageNames[value] }));
  return (
    <>
      <h2 class="utrecht-heading-2">{t.from}</h2>
      <Radios legend={t.language} options={languages} value={profile.language} onChange={(language) => change({ language })} />
      <TextField label={t.fromName} hint={t.fromNameHint} value={profile.from_name} onInput={(from_name) => change({ from_name })} />
      <TextField
        type="email"
        label={t.fromAddress}
        hint={t.fromAddressHint}
        value={profile.from_address}
        error={isAddressBad ? t.addressBad : undefined}
        onInput={(from_address) => change({ from_address })}
      />
      <TextField label={t.contact} hint={t.contactHint} value={profile.contact} onInput={(contact) => change({ contact })} />
    </>
  );
}

function Form({ saved, onSaved }: { saved: OrganisationReply; onSaved: () => void }) {
  const t = useTexts(texts);
  const admin = useTexts(admin_texts);
  const shared = useSharedTexts();
  const { form, profile, change, logo, setLogo, isTried, faults, outcome, submit, isBusy, error } = useForm(saved, onSaved);
  const isTaken = hasWord(error, 'conflict');
  const isBad = hasWord(error, 'bad-value');
  const nameError = isTaken ? t.nameTaken : isTried && faults.name ? shared.required : undefined;
  return (
    <form class="card narrow" noValidate ref={form} onSubmit={(event) => void submit(event)}>
      <StateHeading>{t.title}</StateHeading>
      <p class="utrecht-paragraph">{t.intro}</p>
      <FailureAlert error={isTaken || isBad ? null : error} />
      {isBad && <Alert kind="error">{t.bad}</Alert>}
      <TextField label={t.name} hint={t.nameHint} isRequired value={profile.name} error={nameError} onInput={(name) => change({ name })} />
      <Colour colour={profile.colour} error={isTried && faults.colour ? t.colourBad : undefined} onChange={(colour) => change({ colour })} />
      <LogoField saved={saved.logo} fresh={logo} onChange={setLogo} />
      <Preview name={profile.name} colour={profile.colour} logo={logo?.bytes ?? saved.logo} />
      <Emails profile={profile} isAddressBad={isTried && faults.from_address} change={change} />
      <div class="actions">
        <Button kind="primary" type="submit" isBusy={isBusy}>
          {admin.save}
        </Button>
        <span role="status">{outcome && admin[outcome]}</span>
      </div>
    </form>
  );
}

export function OrganisationPage() {
  const { office } = useSession();
  const ask = useCallback(() => office.organisation(), [office]);
  const answer = useAnswer(ask);
  return <Answered answer={answer}>{(saved) => <Form saved={saved} onSaved={answer.again} />}</Answered>;
}
