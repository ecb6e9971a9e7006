import { useState } from 'preact/hooks';

import type { LogFilter } from '../../client/audit';
import { isAddress } from '../../envelope/text';
import { EVENTS, type EventWord } from '../../protocol/protocol';
import { Button } from '../../ui/button';
import { Select } from '../../ui/choice';
import { useFaultFocus } from '../../ui/faults';
import { Field, TextField } from '../../ui/field';
import { useLanguage, useTexts } from '../../ui/language';
import { events } from './events';
import { texts } from './texts';

export const EVERYTHING: LogFilter = { kind: '', person: '', message: '', sinceMs: 0, untilMs: 0 };

/** As it is typed; days are of the reader's own zone. */
interface Typed {
  kind: EventWord | '';
  person: string;
  message: string;
  since: string;
  until: string;
}

const typedOf = ({ kind, person, message }: LogFilter): Typed => ({ kind, person, message, since: '', until: '' });

/** The first moment of a day "2026-11-24", and of the day after with 1; 0 for none. */
function dayMs(day: string, later: 0 | 1): number {
  const found = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day);
  return found ? new Date(Number(found[1]), Number(found[2]) - 1, Number(found[3]) + later).getTime() : 0;
}

function faultsOf({ person, message, since, until }: Typed) {
  return {
    person: person.trim() !== '' && !isAddress(person.trim()),
    message: message.trim() !== '' && !/^[0-9a-f]{32}$/.test(message.trim()),
    until: since !== '' && until !== '' && until < since,
  };
}

function useKinds() {
  const t = useTexts(texts);
  const words = useTexts(events);
  const locale = useLanguage();
  const kinds = EVENTS.map((value) => ({ value, label: words[value] })).sort((a, b) => a.label.localeCompare(b.label, locale));
  return [{ value: '' as const, label: t.allKinds }, ...kinds];
}

interface DayProps {
  label: string;
  value: string;
  error?: string | undefined;
  onInput: (day: string) => void;
}

function DayField({ label, value, error, onInput }: DayProps) {
  return (
    <Field label={label} error={error}>
      {({ id, describedBy, isInvalid }) => (
        <input
          id={id}
          type="date"
          class="utrecht-textbox utrecht-textbox--html-input"
          value={value}
          aria-describedby={describedBy}
          aria-invalid={isInvalid || undefined}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

interface FilterProps {
  filter: LogFilter;
  isBusy: boolean;
  onFind: (filter: LogFilter) => void;
}

export function Filter({ filter, isBusy, onFind }: FilterProps) {
  const t = useTexts(texts);
  const kinds = useKinds();
  const [typed, setTyped] = useState<Typed>(() => typedOf(filter));
  const [isTried, setTried] = useState(false);
  const { form, point } = useFaultFocus();
  const faults = faultsOf(typed);
  const change = (more: Partial<Typed>): void => setTyped({ ...typed, ...more });
  const find = (event: Event): void => {
    event.preventDefault();
    setTried(true);
    if (Object.values(faults).includes(true)) return point();
    const { kind, person, message, since, until } = typed;
    onFind({ kind, person: person.trim(), message: message.trim(), sinceMs: dayMs(since, 0), untilMs: dayMs(until, 1) });
  };
  const clear = (): void => {
    setTyped(typedOf(EVERYTHING));
    setTried(false);
    onFind(EVERYTHING);
  };
  return (
    <form class="card" role="search" aria-labelledby="log-filter" noValidate ref={form} onSubmit={find}>
      <h2 class="utrecht-heading-2 first" id="log-filter">
        {t.filter}
      </h2>
      <div class="log-filter">
        <Select label={t.kind} options={kinds} value={typed.kind} onChange={(kind) => change({ kind })} />
        <TextField type="email" label={t.person} hint={t.personHint} value={typed.person} error={isTried && faults.person ? t.personBad : undefined} onInput={(person) => change({ person })} />
        <DayField label={t.since} value={typed.since} onInput={(since) => change({ since })} />
        <DayField label={t.until} value={typed.until} error={isTried && faults.until ? t.datesBad : undefined} onInput={(until) => change({ until })} />
        <TextField label={t.message} hint={t.messageHint} value={typed.message} error={isTried && faults.message ? t.messageBad : undefined} onInput={(message) => change({ message })} />
      </div>
      <div class="actions">
        <Button kind="primary" type="submit" isBusy={isBusy}>
          {t.search}
        </Button>
        <Button onClick={clear}>{t.clear}</Button>
      </div>
    </form>
  );
}
