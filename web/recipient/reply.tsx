// Writing a reply. What is typed survives a reload; leaving the page with it asks first.

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

import type { Content } from '../client/content';
import { hasWord } from '../client/failure';
import { fileNameOf } from '../client/file_name';
import type { Outgoing } from '../client/outgoing';
import type { Visit } from '../client/visit';
import { Alert, FailureAlert } from '../ui/alert';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { TextArea } from '../ui/field';
import { FilesField } from '../ui/files_field';
import { useFormat } from '../ui/format';
import { isolate } from '../ui/isolate';
import { useSharedTexts, useTexts } from '../ui/language';
import { FileList } from '../ui/lists';
import { Progress } from '../ui/progress';
import { useRedraw } from '../ui/redraw';
import type { SentReply } from './conversation';
import { ReplyDraft, keptReply } from './reply_draft';
import { isGone } from './states';
import { texts } from './texts';

interface ReplyProps {
  visit: Visit;
  content: Content;
  onSent: (reply: SentReply) => void;
  onClose: () => void;
  /** The message ended while the reply was written. */
  onEnd: (error: unknown) => void;
}

/** The browser asks whether to leave; the text would survive a reload, but not the end of the tab. */
function useLeavingAsks(isAsking: boolean): void {
  useEffect(() => {
    if (!isAsking) return undefined;
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, [isAsking]);
}

export function Reply({ visit, content, onSent, onClose, onEnd }: ReplyProps) {
  const t = useTexts(texts);
  const redraw = useRedraw();
  const form = useRef<HTMLFormElement>(null);
  const [kept] = useState(() => keptReply(content.reply.message));
  const [draft] = useState(() => new ReplyDraft(visit, content, redraw));
  const [isSending, setSending] = useState(false);
  const [isChecked, setChecked] = useState(false);
  const [isDiscarding, setDiscarding] = useState(false);
  const [error, setError] = useState<unknown>(null);
  useLeavingAsks(!draft.isEmpty);
  useLayoutEffect(() => form.current?.querySelector('textarea')?.focus(), []);
  useEffect(() => {
    void draft.begin().catch((failure) => isGone(failure) && onEnd(failure));
  }, []);
  const isReady = Boolean(draft.draft);
  useLayoutEffect(() => {
    const at = document.activeElement;
    if (form.current?.contains(at)) at!.scrollIntoView({ block: 'nearest' });
  }, [isReady]);
  const send = async (): Promise<void> => {
    setSending(true);
    setError(null);
    try {
      const message = await draft.send();
      if (!message) return setSending(false);
      onSent({ message, body: draft.body, files: draft.attachments.map((each) => each.name) });
    } catch (failure) {
      setSending(false);
      if (isGone(failure)) onEnd(failure);
      else setError(failure);
    }
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    setChecked(true);
    if (draft.isEmpty) form.current?.querySelector('textarea')?.focus();
    else if (!isSending) void send();
  };
  const discard = (): void => {
    void draft.discard().catch(() => {}); // what stays behind is swept by the server
    onClose();
  };
  const limit = useLimit(error);
  const isTooLong = hasWord(error, 'too-large');
  return (
    <form class="card reply no-print" ref={form} noValidate onSubmit={submit} aria-label={t.yourReply}>
      <h2 class="utrecht-heading-2">{t.yourReply}</h2>
      {kept && (
        <Alert kind="info">
          <p class="utrecht-paragraph">{kept.files ? t.keptFiles : t.kept}</p>
        </Alert>
      )}
      <TextArea
        label={t.replyTo}
        hint={t.replyHint}
        isRequired
        value={draft.body}
        onInput={(body) => draft.write(body)}
        error={isChecked && draft.isEmpty ? t.empty : isTooLong ? t.tooLong : undefined}
      />
      <Files draft={draft} />
      {limit && <Alert kind="error">{limit}</Alert>}
      {error && !isTooLong && !limit ? <FailureAlert error={error} /> : null}
      <p class="quiet" role="status">
        {isSending && draft.attachments.some((each) => each.state !== 'sent') && t.sendingFiles}
      </p>
      <div class="actions">
        <Button kind="primary" type="submit" isBusy={isSending}>
          {isSending ? t.sending : t.send}
        </Button>
        <Button isDisabled={isSending} onClick={() => (draft.isEmpty ? discard() : setDiscarding(true))}>
          {t.discard}
        </Button>
      </div>
      {isDiscarding && (
        <Dialog title={t.discardTitle} onClose={() => setDiscarding(false)}>
          <p class="utrecht-paragraph">{t.discardText}</p>
          <div class="actions">
            <Button kind="primary" onClick={() => setDiscarding(false)}>
              {t.keepWriting}
            </Button>
            <Button onClick={discard}>{t.discard}</Button>
          </div>
        </Dialog>
      )}
    </form>
  );
}

/** Null: something that can pass, or is no limit of answers. */
function useLimit(error: unknown): string | null {
  const t = useTexts(texts);
  const format = useFormat();
  if (!hasWord(error, 'rate-limited') || !error.isSealed) return null;
  if (error.untilMs) return t.tooManyBegun(format.dateTime(error.untilMs));
  return error.retryAfterS ? null : t.answeredOften;
}

// --- its attachments ---

function Files({ draft }: { draft: ReplyDraft }) {
  const t = useTexts(texts);
  const shared = useSharedTexts();
  const format = useFormat();
  const limit = useLimit(draft.failure);
  if (draft.failure)
    return (
      <Alert kind="warning">
        <p class="utrecht-paragraph">{limit ?? t.noUploads}</p>
        <WaitingFiles draft={draft} />
        <Button onClick={() => void draft.begin().catch(() => {})}>{shared.tryAgain}</Button>
      </Alert>
    );
  // It stands there from the beginning: what is below it must not move away from under somebody.
  const access = draft.draft?.access;
  const size = access ? format.bytes(access.attachment_bytes_max) : '';
  const count = access ? format.number(access.parts_max - 1) : '';
  const hint = access ? `${t.addFilesTab} ${t.addFilesHint(size, count)}` : t.addFilesTab;
  const refused = draft.files.refused.map(({ name, why }) => (why === 'file-too-large' ? t.tooLarge(isolate(name), size) : t.tooMany(count)));
  return (
    <FilesField label={t.addFiles} hint={hint} error={[...new Set(refused)].join(' ')} onFiles={(files) => draft.add(files)}>
      {draft.attachments.length > 0 && (
        <FileList
          label={t.addFiles}
          files={draft.attachments.map((each) => ({ key: each.part, name: each.name, size: each.file.size, extra: <Sending attachment={each} draft={draft} /> }))}
        />
      )}
      <WaitingFiles draft={draft} />
    </FilesField>
  );
}

/** Given before the draft was begun: seldom more than a moment. */
function WaitingFiles({ draft }: { draft: ReplyDraft }) {
  const t = useTexts(texts);
  const shared = useSharedTexts();
  const { waiting } = draft.files;
  if (!waiting.length) return null;
  const extra = (file: File) => (
    <div class="transfer">
      <p class="quiet">{t.notYetFile}</p>
      <div class="attachment__actions">
        <Button label={shared.remove(isolate(fileNameOf(file.name)))} onClick={() => draft.withdraw(file)}>
          {shared.removeIt}
        </Button>
      </div>
    </div>
  );
  return <FileList label={t.addFiles} files={waiting.map((file, at) => ({ key: at, name: fileNameOf(file.name), size: file.size, extra: extra(file) }))} />;
}

function stateText(attachment: Outgoing, t: (typeof texts)['en']): string {
  const said: Partial<Record<Outgoing['state'], string>> = { waiting: t.waitingFile, paused: t.paused, sent: t.sentFile };
  return said[attachment.state] ?? '';
}

function Sending({ attachment, draft }: { attachment: Outgoing; draft: ReplyDraft }) {
  const t = useTexts(texts);
  const shared = useSharedTexts();
  const format = useFormat();
  const { state, sentBytes, totalBytes } = attachment;
  const name = isolate(attachment.name);
  const isOnTheWay = state === 'sending' || state === 'paused';
  return (
    <div class="transfer">
      {isOnTheWay && <Progress label={t.loading(format.bytes(sentBytes), format.bytes(totalBytes))} done={sentBytes} total={totalBytes} />}
      {state === 'failed' && <FailureAlert error={attachment.failure} />}
      <p class="quiet">{stateText(attachment, t)}</p>
      <p class="quiet" role="status">
        {attachment.isWaiting && shared.connectionLost}
      </p>
      <div class="attachment__actions">
        {state === 'sending' && (
          <Button label={t.pauseOf(name)} onClick={() => attachment.pause()}>
            {shared.pause}
          </Button>
        )}
        {state === 'paused' && (
          <Button label={t.resumeOf(name)} onClick={() => attachment.resume()}>
            {shared.resume}
          </Button>
        )}
        {state === 'failed' && (
          <Button label={t.tryAgainOf(name)} onClick={() => attachment.resume()}>
            {shared.tryAgain}
          </Button>
        )}
        <Button label={shared.remove(name)} onClick={() => void draft.remove(attachment)}>
          {shared.removeIt}
        </Button>
      </div>
    </div>
  );
}
