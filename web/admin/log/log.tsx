// The log: what happened, found by filters; checked, exported, and pinned by a checkpoint.

import { useMemo, useState } from 'preact/hooks';

import { AuditLog, type LogFilter } from '../../client/audit';
import { useSession } from '../../sender/session';
import { FailureAlert } from '../../ui/alert';
import { Button } from '../../ui/button';
import { useFormat } from '../../ui/format';
import { useSharedTexts, useTexts } from '../../ui/language';
import { StateHeading } from '../../ui/page';
import { Check } from './check';
import { type Entries, useEntries } from './entries';
import { Entry } from './entry';
import { CheckpointNow, Export } from './export';
import { EVERYTHING, Filter } from './filter';
import { texts } from './texts';

function Found({ entries, onMessage }: { entries: Entries; onMessage: (message: string) => void }) {
  const t = useTexts(texts);
  const shared = useSharedTexts();
  const format = useFormat();
  const { shown, error, isBusy } = entries;
  return (
    <section class="card" aria-labelledby="log-entries" aria-busy={isBusy}>
      <h2 class="utrecht-heading-2 first" id="log-entries">
        {t.entries}
      </h2>
      <p class="quiet" role="status">
        {shown ? (shown.entries.length ? t.count(format.number(shown.entries.length), format.number(shown.size)) : t.none) : !error && shared.loading}
      </p>
      <FailureAlert error={error}>
        <Button onClick={entries.again}>{shared.tryAgain}</Button>
      </FailureAlert>
      {shown && shown.entries.length > 0 && (
        <ol class="log">
          {shown.entries.map((entry) => (
            <Entry key={entry.seq} entry={entry} onMessage={onMessage} />
          ))}
        </ol>
      )}
      <div class="actions">
        {shown?.hasOlder && (
          <Button isBusy={isBusy} onClick={entries.older}>
            {t.older}
          </Button>
        )}
        <Button isBusy={isBusy} onClick={entries.again}>
          {t.newest}
        </Button>
      </div>
    </section>
  );
}

export function LogPage() {
  const t = useTexts(texts);
  const { office } = useSession();
  const log = useMemo(() => new AuditLog(office), [office]);
  const entries = useEntries(log, EVERYTHING);
  // A filter that was set from elsewhere than its form: the form begins anew with it.
  const [given, setGiven] = useState<LogFilter>(EVERYTHING);
  const onMessage = (message: string): void => {
    const filter = { ...EVERYTHING, message };
    setGiven(filter);
    entries.find(filter);
    window.scrollTo(0, 0);
  };
  return (
    <>
      <StateHeading>{t.title}</StateHeading>
      <p class="utrecht-paragraph">{t.intro}</p>
      <Filter key={given.message} filter={given} isBusy={entries.isBusy} onFind={entries.find} />
      <Found entries={entries} onMessage={onMessage} />
      <Check log={log} />
      <Export log={log} />
      <CheckpointNow log={log} />
    </>
  );
}
