import { fileNameOf } from '../../client/file_name';
import type { Outgoing } from '../../client/outgoing';
import { LIMITS } from '../../protocol/protocol';
import { Alert, FailureAlert } from '../../ui/alert';
import { Button } from '../../ui/button';
import { FilesField } from '../../ui/files_field';
import { useFormat } from '../../ui/format';
import { useSharedTexts, useTexts } from '../../ui/language';
import { FileList, type FileRow } from '../../ui/lists';
import { Progress } from '../../ui/progress';
import { useSession } from '../session';
import { texts } from './texts';
import { type Writing, limitOf } from './writing';

function FileActions({ writing, file }: { writing: Writing; file: Outgoing }) {
  const t = useTexts(texts);
  const shared = useSharedTexts();
  return (
    <div class="files__actions">
      {file.state === 'sending' && (
        <Button label={t.pauseFile(file.name)} onClick={() => file.pause()}>
          {shared.pause}
        </Button>
      )}
      {file.state === 'paused' && (
        <Button label={t.resumeFile(file.name)} onClick={() => file.resume()}>
          {shared.resume}
        </Button>
      )}
      {file.state === 'failed' && (
        <Button label={t.tryFile(file.name)} onClick={() => file.resume()}>
          {shared.tryAgain}
        </Button>
      )}
      <Button kind="subtle" label={shared.remove(file.name)} onClick={() => void writing.detach(file)}>
        {t.removeWord}
      </Button>
    </div>
  );
}

function FileState({ file }: { file: Outgoing }) {
  const t = useTexts(texts);
  const shared = useSharedTexts();
  if (file.state === 'sending' || file.state === 'paused')
    return (
      <>
        <Progress label={t.fileState[file.state]} done={file.sentBytes} total={file.totalBytes} />
        <p class="quiet" role="status">
          {file.isWaiting && shared.connectionLost}
        </p>
      </>
    );
  if (file.state === 'failed')
    return (
      <p class="files__error" role="alert">
        {t.fileState.failed}. {file.failure?.isOffline ? t.fileLost : t.fileFailed}
      </p>
    );
  return <span class="quiet">{t.fileState[file.state]}</span>;
}

function Refusals({ writing }: { writing: Writing }) {
  const t = useTexts(texts);
  const format = useFormat();
  const { refused } = writing.files;
  if (refused.length === 0) return null;
  return (
    <Alert kind="error">
      {refused.map(({ name, why }, index) => (
        <p class="utrecht-paragraph" key={index}>
          {why === 'file-too-large' ? t.tooLarge(name, format.bytes(limitOf(writing))) : t.tooManyFiles(name)}
        </p>
      ))}
    </Alert>
  );
}

export function Attachments({ writing }: { writing: Writing }) {
  const t = useTexts(texts);
  const format = useFormat();
  const shared = useSharedTexts();
  const session = useSession();
  const rows: FileRow[] = writing.attachments.map((file) => ({
    key: file.part,
    name: file.name,
    size: file.file.size,
    actions: <FileActions writing={writing} file={file} />,
    extra: <FileState file={file} />,
  }));
  const notYet: FileRow[] = writing.files.waiting.map((file, at) => ({
    key: `not yet ${at}`,
    name: fileNameOf(file.name),
    size: file.size,
    actions: (
      <Button kind="subtle" label={shared.remove(fileNameOf(file.name))} onClick={() => writing.withdraw(file)}>
        {t.removeWord}
      </Button>
    ),
    extra: <span class="quiet">{t.fileState.notYet}</span>,
  }));
  const all = [...rows, ...notYet];
  const most = writing.draft ? writing.draft.access.parts_max - 1 : LIMITS.ATTACHMENTS_MAX;
  const hint = `${t.attachmentsLimit(format.bytes(limitOf(writing)), most)} ${t.attachmentsTab}`;
  return (
    <section class="part">
      <Refusals writing={writing} />
      <FailureAlert error={writing.phase === 'writing' ? writing.error : null} />
      <FilesField label={t.attachments} hint={hint} onFiles={(files) => void writing.attach(session, files)}>
        {all.length > 0 && <FileList label={t.attachments} files={all} />}
      </FilesField>
    </section>
  );
}
