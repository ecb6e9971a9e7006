// How recipients prove who they are: one check for all, or one for each.

import { useId, useState } from 'preact/hooks';

import { METHODS } from '../../protocol/protocol';
import { Button } from '../../ui/button';
import { Checkbox, type Option, Radios, Select } from '../../ui/choice';
import { PasswordField } from '../../ui/field';
import { useLanguage, useTexts } from '../../ui/language';
import { texts as office } from '../texts';
import type { Faults } from './check';
import { type PasswordKind, makePassword, strengthOf } from './passwords';
import { texts } from './texts';
import { type Writing, type WritingRecipient, isStrongMethod } from './writing';

const ALL = [METHODS.METHOD_PASSWORD, METHODS.METHOD_PASSWORD_AND_CODE, METHODS.METHOD_CODE] as const;
const SHARES = { tooShort: 0.1, weak: 0.3, fair: 0.65, strong: 1 } as const;

export function useMethods(allowed: number): Option<number>[] {
  const words = useTexts(office).method;
  return ALL.filter((each) => allowed & each).map((value) => ({ value, label: words[value]! }));
}

export function Strength({ password, forbidden }: { password: string; forbidden: readonly string[] }) {
  const t = useTexts(texts);
  const id = useId();
  const strength = strengthOf(password, forbidden);
  return (
    <div class={`strength strength--${strength}`}>
      <span id={id}>
        {t.strength}: <b>{t.strengths[strength]}</b>
      </span>
      <meter class="strength__bar" min={0} max={1} value={SHARES[strength]} aria-labelledby={id} />
    </div>
  );
}

interface PasswordProps {
  value: string;
  error: string | undefined;
  forbidden: readonly string[];
  onChange: (password: string) => void;
}

function RecipientPassword({ value, error, forbidden, onChange }: PasswordProps) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [made, setMade] = useState(0);
  const make = (kind: PasswordKind): void => {
    setMade(made + 1);
    onChange(makePassword(kind, language));
  };
  return (
    <div class="password">
      {/* Begun anew when a password was made, so that it can be read. */}
      <PasswordField key={made} startsShown={made > 0} label={t.password} hint={t.passwordHint} error={error} autoComplete="off" isRequired value={value} onInput={onChange} />
      {value && <Strength password={value} forbidden={forbidden} />}
      <div class="actions password__make" role="group" aria-label={t.make}>
        <span aria-hidden="true">{t.make}</span>
        <Button onClick={() => make('words')}>{t.makeWords}</Button>
        <Button onClick={() => make('characters')}>{t.makeCharacters}</Button>
      </div>
    </div>
  );
}

/** What somebody who knows the recipient would try first. */
export function guessable(recipients: readonly { address: string; name: string }[]): string[] {
  return recipients.flatMap(({ address, name }) => [...name.split(/\s+/), ...address.split(/[@.+_-]/)]).filter((each) => each.length >= 3);
}

function OwnCheck({ writing, recipient, methods, error }: { writing: Writing; recipient: WritingRecipient; methods: Option<number>[]; error: string | undefined }) {
  const t = useTexts(texts);
  const { address, name, method, password } = recipient;
  return (
    <fieldset class="own-check">
      <legend class="utrecht-form-label">
        <bdi>{t.checkFor(name || address)}</bdi>
      </legend>
      <Select label={t.methodFor} options={methods} value={method} onChange={(chosen) => writing.setCheck(address, { method: chosen })} />
      {isStrongMethod(method) && (
        <RecipientPassword value={password} error={error} forbidden={guessable([recipient])} onChange={(typed) => writing.setCheck(address, { password: typed })} />
      )}
    </fieldset>
  );
}

export function Checks({ writing, faults, allowed }: { writing: Writing; faults: Faults; allowed: number }) {
  const t = useTexts(texts);
  const methods = useMethods(allowed);
  const fault = (address: string): string | undefined => {
    const found = faults.passwords.get(address);
    return found && t.missing[found];
  };
  return (
    <section class="part">
      {!writing.hasOwnChecks && (
        <Radios legend={t.check} options={methods.map((each) => ({ ...each, hint: t.methodHint[each.value] }))} value={writing.method} onChange={(method) => writing.set({ method })} />
      )}
      {!writing.hasOwnChecks && isStrongMethod(writing.method) && (
        <RecipientPassword value={writing.password} error={fault('')} forbidden={guessable(writing.recipients)} onChange={(password) => writing.set({ password })} />
      )}
      {writing.hasOwnChecks && <h2 class="utrecht-heading-2 first">{t.check}</h2>}
      {writing.hasOwnChecks &&
        writing.recipients.map((each) => <OwnCheck key={each.address} writing={writing} recipient={each} methods={methods} error={fault(each.address)} />)}
      {(writing.recipients.length > 1 || writing.hasOwnChecks) && (
        <Checkbox label={t.ownChecks} isChecked={writing.hasOwnChecks} onChange={(hasOwnChecks) => writing.set({ hasOwnChecks })} />
      )}
    </section>
  );
}
