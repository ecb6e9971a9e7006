// One's own message or a reply, opened: decrypted in the page when somebody asks for it, because each
// release of a key is an entry in the log.

import { useEffect, useRef, useState } from 'preact/hooks';

import type { Content } from '../../client/content';
import { hasWord, isAbort } from '../../client/failure';
import type { Attachment } from '../../envelope/manifest';
import type { Id } from '../../protocol/protocol';
import { Alert, FailureAlert } from '../../ui/alert';
import { Button } from '../../ui/button';
import { Formatted } from '../../ui/formatted';
import { useSharedTexts, useTexts } from '../../ui/language';
import { FileList } from '../../ui/lists';
import { Progress } from '../../ui/progress';
import { useSession } from '../session';
import { saveAs } from './save';
import { texts } from './texts';

interface Transfer {
  bytes: number;
  error: unknown;
}

function AttachmentRows({ content }: { content: Content }) {
  const t = useTexts(texts);
  const shared = useSharedTexts();
  const { run } = useSession();
  const [transfers, setTransfers] = useState<ReadonlyMap<number, Transfer>>(new Map());
  const stop = useRef<AbortController>(new AbortController());
  useEffect(() => () => stop.current.abort(), []);
  const set = (part: number, transfer: Transfer | null): void =>
    setTransfers((before) => {
      const next = new Map(before);
      if (transfer) next.set(part, transfer);
      else next.delete(part);
      return next;
    });
  const download = async (attachment: Attachment): Promise<void> => {
    const { part } = attachment;
    set(part, { bytes: 0, error: null });
    try {
      const onProgress = (bytes: number): void => set(part, { bytes, error: null });
      const blob = await run(() => content.download(attachment, { onProgress, signal: stop.current.signal }));
      saveAs(blob, attachment.name);
      set(part, null);
    } catch (error) {
      if (!isAbort(error)) set(part, { bytes: 0, error });
    }
  };
  const extra = (attachment: Attachment) => {
    const transfer = transfers.get(attachment.part);
    if (!transfer) return null;
    if (hasWord(transfer.error, 'tampered')) return <Alert kind="error">{t.tampered}</Alert>;
    if (transfer.error) return <FailureAlert error={transfer.error} />;
    return <Progress label={t.downloading} done={transfer.bytes} total={attachment.ciphertext_size} />;
  };
  return (
    <FileList
      label={t.attachments}
      files={content.manifest.attachments.map((each) => ({
        key: each.part,
        name: each.name,
        size: each.size,
        extra: extra(each),
        actions: (
          <Button label={t.downloadFile(each.name)} isBusy={transfers.get(each.part)?.error === null} onClick={() => void download(each)}>
            {shared.download}
          </Button>
        ),
      }))}
    />
  );
}

function Opened({ content }: { content: Content }) {
  const t = useTexts(texts);
  const { body, attachments } = content.manifest;
  return (
    <>
      <div class="reading">
        <Formatted text={body} />
      </div>
      {attachments.length > 0 && (
        <>
          <p class="strong">{t.attachments}</p>
          <AttachmentRows content={content} />
        </>
      )}
    </>
  );
}

export function Reading({ message, label }: { message: Id; label: string }) {
  const t = useTexts(texts);
  const { office, run } = useSession();
  const [content, setContent] = useState<Content | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const read = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      setContent(await run(() => office.read(message)));
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  };
  return (
    <div aria-live="polite" aria-busy={isBusy}>
      {hasWord(error, 'gone', 'not-found') ? <p class="utrecht-paragraph">{t.contentGone}</p> : <FailureAlert error={error} />}
      {content ? (
        <Opened content={content} />
      ) : (
        <Button isBusy={isBusy} onClick={() => void read()}>
          {isBusy ? t.reading : label}
        </Button>
      )}
    </div>
  );
}
