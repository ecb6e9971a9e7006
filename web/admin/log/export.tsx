// Taking the log along: the whole of it as a file, or the signed lines that stand for it.

import { useState } from 'preact/hooks';

import { type AuditLog, type ExportOptions, exportLog } from '../../client/audit';
import { saveFile } from '../../client/save';
import { Alert, FailureAlert } from '../../ui/alert';
import { Button } from '../../ui/button';
import { CopyText } from '../../ui/copy';
import { useFormat } from '../../ui/format';
import { useTexts } from '../../ui/language';
import { useDeed } from '../answer';
import { Running } from './running';
import { texts } from './texts';
import { useWhole } from './whole';

async function saveLog(log: AuditLog, { onProgress, signal }: ExportOptions): Promise<number> {
  let entries = 0;
  const file = await exportLog(log, { signal, onProgress: (progress) => (entries = progress.done, onProgress(progress)) });
  saveFile(file, 'audit-log.ndjson');
  return entries;
}

export function Export({ log }: { log: AuditLog }) {
  const t = useTexts(texts);
  const format = useFormat();
  const whole = useWhole((options) => saveLog(log, options));
  return (
    <section class="card" aria-labelledby="log-export">
      <h2 class="utrecht-heading-2 first" id="log-export">
        {t.export}
      </h2>
      <p class="utrecht-paragraph">{t.exportText}</p>
      <FailureAlert error={whole.error} />
      {whole.result !== null && <Alert kind="ok">{t.exported(format.number(whole.result))}</Alert>}
      {whole.isCancelled && <Alert kind="info">{t.exportCancelled}</Alert>}
      <Running whole={whole} label={t.exporting} />
      {!whole.isRunning && (
        <div class="actions">
          <Button onClick={whole.start}>{t.exportNow}</Button>
        </div>
      )}
    </section>
  );
}

export function CheckpointNow({ log }: { log: AuditLog }) {
  const t = useTexts(texts);
  const { isBusy, error, act } = useDeed();
  const [note, setNote] = useState('');
  const [isMailed, setIsMailed] = useState(false);
  const fetch = async (): Promise<void> => setNote(await log.checkpoint());
  const mail = async (): Promise<void> => {
    setIsMailed(false);
    await log.mailCheckpoint();
    setIsMailed(true);
  };
  return (
    <section class="card" aria-labelledby="log-checkpoint">
      <h2 class="utrecht-heading-2 first" id="log-checkpoint">
        {t.checkpoint}
      </h2>
      <p class="utrecht-paragraph">{t.checkpointText}</p>
      <FailureAlert error={error} />
      {isMailed && <Alert kind="ok">{t.checkpointMailed}</Alert>}
      {note && <CopyText text={note} label={t.checkpoint} />}
      <div class="actions">
        <Button isBusy={isBusy} onClick={() => void act(fetch)}>
          {t.checkpointNow}
        </Button>
        <Button isBusy={isBusy} onClick={() => void act(mail)}>
          {t.checkpointMail}
        </Button>
        {note && <Button onClick={() => saveFile(new Blob([note]), 'checkpoint.txt')}>{t.checkpointSave}</Button>}
      </div>
    </section>
  );
}
