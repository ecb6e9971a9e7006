import { useState } from 'preact/hooks';

import { Alert } from '../../ui/alert';
import { Button } from '../../ui/button';
import { Field } from '../../ui/field';
import { useTexts } from '../../ui/language';
import { Chips } from '../../ui/lists';
import { hasEnd, parseAddresses } from './addresses';
import { type DomainWarning, domainOf, warningOf } from './domains';
import { texts } from './texts';
import type { Writing } from './writing';

function useWarningText(): (warning: DomainWarning) => string {
  const t = useTexts(texts).warning;
  return (warning) => (warning.kind === 'foreign' ? t.foreign(warning.domain) : t[warning.kind](warning.domain, warning.meant));
}

function corrected(address: string, meant: string): string {
  return address.slice(0, address.length - domainOf(address).length) + meant;
}

interface Warned {
  address: string;
  warning: DomainWarning;
}

export function warnedOf(writing: Writing, accepted: ReadonlySet<string> = new Set()): Warned[] {
  return writing.recipients.flatMap(({ address }) => {
    const warning = accepted.has(address) ? null : warningOf(address);
    return warning ? [{ address, warning }] : [];
  });
}

function Warnings({ writing }: { writing: Writing }) {
  const t = useTexts(texts);
  const say = useWarningText();
  const [accepted, setAccepted] = useState<ReadonlySet<string>>(new Set());
  return (
    <>
      {warnedOf(writing, accepted).map(({ address, warning }) => (
        <Alert kind="warning" key={address}>
          <p class="utrecht-paragraph">
            <bdi class="strong">{address}</bdi>
          </p>
          <p class="utrecht-paragraph">{say(warning)}</p>
          <div class="actions">
            {warning.kind !== 'foreign' && (
              <Button onClick={() => writing.correct(address, corrected(address, warning.meant))}>{t.change(corrected(address, warning.meant))}</Button>
            )}
            <Button kind="subtle" onClick={() => setAccepted(new Set([...accepted, address]))}>
              {t.isRight}
            </Button>
          </div>
        </Alert>
      ))}
    </>
  );
}

export function RecipientsField({ writing, error }: { writing: Writing; error: string | undefined }) {
  const t = useTexts(texts);
  const chips = writing.recipients.map(({ address, name }) => ({ key: address, text: name ? `${name} <${address}>` : address }));
  const input = (text: string): void => {
    writing.set({ typed: text });
    if (hasEnd(text)) writing.takeTyped();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const last = writing.recipients[writing.recipients.length - 1];
    if (event.key === 'Enter') {
      event.preventDefault();
      writing.takeTyped();
    } else if (event.key === 'Backspace' && !writing.typed && last) {
      writing.remove(last.address);
    }
  };
  // A one-line field would join pasted lines: a@b.nlc@d.nl.
  const onPaste = (event: ClipboardEvent): void => {
    const text = event.clipboardData?.getData('text') ?? '';
    if (!/[\r\n\t,;]/.test(text)) return;
    event.preventDefault();
    writing.add(parseAddresses(`${writing.typed} ${text}`));
  };
  return (
    <>
      <Field label={t.to} hint={t.toHint} error={error}>
        {({ id, describedBy, isInvalid }) => (
          <>
            <Chips label={t.toList} chips={chips} onRemove={(address) => writing.remove(address)} />
            <input
              id={id}
              class={`utrecht-textbox utrecht-textbox--html-input${isInvalid ? ' utrecht-textbox--invalid' : ''}`}
              type="text"
              inputMode="email"
              autoComplete="off"
              autoCapitalize="none"
              spellcheck={false}
              dir="auto"
              value={writing.typed}
              aria-describedby={describedBy}
              aria-invalid={isInvalid || undefined}
              aria-required
              onInput={(event) => input(event.currentTarget.value)}
              onKeyDown={onKeyDown}
              onPaste={onPaste}
              onBlur={() => writing.takeTyped()}
            />
          </>
        )}
      </Field>
      <p class="visually-hidden" role="status">
        {writing.recipients.length > 0 && t.added(writing.recipients.length)}
      </p>
      <Warnings writing={writing} />
    </>
  );
}

/** The same, where nothing can be changed any more. */
export function WarningsShown({ writing }: { writing: Writing }) {
  const say = useWarningText();
  return (
    <>
      {warnedOf(writing).map(({ address, warning }) => (
        <Alert kind="warning" key={address}>
          <p class="utrecht-paragraph">
            <bdi class="strong">{address}</bdi>: {say(warning)}
          </p>
        </Alert>
      ))}
    </>
  );
}
