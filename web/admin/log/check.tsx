// The check of the log in this page: what it found, and what it can and cannot show.

import { useState } from 'preact/hooks';

import { type AuditLog, type ExportOptions, ExportProgress, Lines } from '../../client/audit';
import { type Checkpoint, LogCheck, type LogVerdict, readCheckpoint } from '../../client/log_check';
import { Alert, FailureAlert } from '../../ui/alert';
import { Button } from '../../ui/button';
import { CopyText } from '../../ui/copy';
import { TextArea } from '../../ui/field';
import { useFormat } from '../../ui/format';
import { useTexts } from '../../ui/language';
import { Running } from './running';
import { texts } from './texts';
import { useWhole } from './whole';

async function checkLog(log: AuditLog, kept: Checkpoint | null, { onProgress, signal }: ExportOptions): Promise<LogVerdict> {
  const check = new LogCheck(kept);
  const lines = new Lines();
  const progress = new ExportProgress();
  for await (const piece of log.exported(signal)) {
    for (const line of lines.add(piece)) {
      progress.add(line);
      check.add(line);
    }
    onProgress(progress);
  }
  return check.finish();
}

function Verdict({ verdict }: { verdict: LogVerdict }) {
  const t = useTexts(texts);
  const format = useFormat();
  if (verdict.faults.length > 0)
    return (
      <Alert kind="error">
        <p class="utrecht-paragraph">{t.checkBad}</p>
        <ul class="steps">
          {verdict.faults.map(({ fault, seq }, at) => (
            <li key={at}>
              {t.fault[fault]} {seq > 0 && <span class="quiet">({t.faultAt(format.number(seq))})</span>}
            </li>
          ))}
        </ul>
      </Alert>
    );
  return (
    <>
      <Alert kind="ok">
        <p class="utrecht-paragraph">{t.checkGood(format.number(verdict.entries))}</p>
        <p class="utrecht-paragraph">{verdict.isAnchored ? t.checkAnchored : t.checkUnanchored}</p>
        {!verdict.isSignatureChecked && <p class="utrecht-paragraph">{t.checkUnsigned}</p>}
      </Alert>
      <CopyText text={verdict.note} label={t.head} />
    </>
  );
}

export function Check({ log }: { log: AuditLog }) {
  const t = useTexts(texts);
  const [typed, setTyped] = useState('');
  const [isBad, setBad] = useState(false);
  const kept = readCheckpoint(typed);
  const whole = useWhole((options) => checkLog(log, kept, options));
  const check = (event: Event): void => {
    event.preventDefault();
    const isWrong = typed.trim() !== '' && !kept;
    setBad(isWrong);
    if (!isWrong) whole.start();
  };
  return (
    <form class="card" aria-labelledby="log-check" noValidate onSubmit={check}>
      <h2 class="utrecht-heading-2 first" id="log-check">
        {t.check}
      </h2>
      <p class="utrecht-paragraph">{t.checkText}</p>
      <p class="utrecht-paragraph quiet">{t.checkProves}</p>
      <TextArea label={t.kept} hint={t.keptHint} rows={5} value={typed} error={isBad ? t.keptBad : undefined} onInput={setTyped} />
      <FailureAlert error={whole.error} />
      {whole.result && <Verdict verdict={whole.result} />}
      <Running whole={whole} label={t.checking} />
      {!whole.isRunning && (
        <div class="actions">
          <Button type="submit">{t.checkNow}</Button>
        </div>
      )}
    </form>
  );
}
