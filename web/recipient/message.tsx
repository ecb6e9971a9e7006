// The opened message: its text, attachments, the conversation, and what can be done with it.

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

import type { Content } from '../client/content';
import { Failure, isAbort } from '../client/failure';
import { saveFile } from '../client/save';
import type { Visit } from '../client/visit';
import { Alert, FailureAlert } from '../ui/alert';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { Formatted } from '../ui/formatted';
import { useFormat } from '../ui/format';
import { useTexts } from '../ui/language';
import { StateHeading } from '../ui/page';
import { useRedraw } from '../ui/redraw';
import { Attachments } from './attachments';
import { Check } from './check';
import { Conversation, type SentReply } from './conversation';
import { makeCopy } from './copy';
import { Facts } from './facts';
import { ReceivedFile } from './files';
import { Reply } from './reply';
import { forgetReply, keptReply } from './reply_draft';
import { isGone } from './states';
import { texts } from './texts';
import { Thread } from './thread';

interface MessageProps {
  visit: Visit;
  content: Content;
  onSignOut: () => void;
  onEnd: (error: unknown) => void;
}

export function Message({ visit, content, onSignOut, onEnd }: MessageProps) {
  const id = content.reply.message;
  const redraw = useRedraw();
  const [files] = useState(() => content.manifest.attachments.map((each) => new ReceivedFile(content, each, redraw)));
  const [conversation] = useState(() => new Conversation(visit, redraw));
  const [isReplying, setReplying] = useState(() => keptReply(id) !== null);
  const [sentAt, setSentAt] = useState(0);
  const endIfGone = (): void => void (isGone(conversation.error) && onEnd(conversation.error));
  const load = (): void => void conversation.load().then(endIfGone);
  useEffect(() => {
    load();
    return () => {
      files.forEach((each) => each.forget());
      conversation.forget();
    };
  }, []);
  const sent = (reply: SentReply): void => {
    void conversation.sent(reply).then(endIfGone);
    setReplying(false);
    setSentAt(visit.server.nowMs());
  };
  const signOut = (): void => {
    forgetReply(id);
    onSignOut();
  };
  const reply = isReplying ? undefined : (): void => (setSentAt(0), setReplying(true));
  return (
    <>
      <article class="card message">
        <Subject subject={content.manifest.subject} />
        <Facts hello={visit.hello} />
        <Body body={content.manifest.body} />
      </article>
      {files.length > 0 && <Attachments files={files} />}
      <Actions visit={visit} content={content} files={files} conversation={conversation} hasUnsent={isReplying} onReply={reply} onSignOut={signOut} />
      {isReplying && <Reply visit={visit} content={content} onSent={sent} onClose={() => setReplying(false)} onEnd={onEnd} />}
      {sentAt > 0 && <Sent atMs={sentAt} />}
      <Thread conversation={conversation} senderName={visit.hello.sender_name} onReload={load} />
      <ProveAgain visit={visit} onEnd={onEnd} />
    </>
  );
}

function Subject({ subject }: { subject: string }) {
  const t = useTexts(texts);
  return (
    <StateHeading>
      <bdi>{subject || t.noSubject}</bdi>
    </StateHeading>
  );
}

function Body({ body }: { body: string }) {
  const t = useTexts(texts);
  return body.trim() ? <Formatted text={body} /> : <p class="utrecht-paragraph quiet">{t.noBody}</p>;
}

function Sent({ atMs }: { atMs: number }) {
  const t = useTexts(texts);
  const format = useFormat();
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => heading.current?.focus(), []);
  return (
    <div class="no-print">
      <Alert kind="ok">
        <h2 class="utrecht-heading-2 alert__heading" tabIndex={-1} ref={heading}>
          {t.replySent}
        </h2>
        <p class="utrecht-paragraph">{t.replySentText(format.dateTime(atMs))}</p>
      </Alert>
    </div>
  );
}

// --- what can be done ---

interface ActionsProps {
  visit: Visit;
  content: Content;
  files: readonly ReceivedFile[];
  conversation: Conversation;
  hasUnsent: boolean;
  /** undefined while a reply is written. */
  onReply: (() => void) | undefined;
  onSignOut: () => void;
}

function Actions({ visit, content, files, conversation, hasUnsent, onReply, onSignOut }: ActionsProps) {
  const t = useTexts(texts);
  const format = useFormat();
  const [copy, setCopy] = useState<'none' | 'making' | 'done'>('none');
  const [error, setError] = useState<unknown>(null);
  const [isAsking, setAsking] = useState(false);
  const saveCopy = async (): Promise<void> => {
    setError(null);
    setCopy('making');
    try {
      const made = await makeCopy({ hello: visit.hello, manifest: content.manifest, files, thread: conversation.others }, t, format);
      saveFile(made.content, made.name);
      setCopy('done');
    } catch (failure) {
      setCopy('none');
      if (!isAbort(failure)) setError(failure);
    }
  };
  return (
    <section class="message__actions no-print">
      <div class="actions">
        {onReply && (
          <Button kind="primary" onClick={onReply}>
            {conversation.hasReplied ? t.replyAgain : t.reply}
          </Button>
        )}
        <Button isBusy={copy === 'making'} onClick={() => void saveCopy()}>
          {t.saveCopy}
        </Button>
        <Button onClick={() => print()}>{t.print}</Button>
        <Button onClick={() => (hasUnsent && keptReply(content.reply.message) ? setAsking(true) : onSignOut())}>{t.signOut}</Button>
      </div>
      <div role="status">
        {copy === 'making' && <p class="utrecht-paragraph">{t.copying}</p>}
        {copy === 'done' && (
          <p class="utrecht-paragraph">
            {t.copyDone} {t.copyCareful}
          </p>
        )}
      </div>
      <FailureAlert error={error} />
      {isAsking && (
        <Dialog title={t.signOutTitle} onClose={() => setAsking(false)}>
          <p class="utrecht-paragraph">{t.signOutText}</p>
          <div class="actions">
            <Button kind="primary" onClick={() => setAsking(false)}>
              {t.stay}
            </Button>
            <Button onClick={onSignOut}>{t.signOut}</Button>
          </div>
        </Dialog>
      )}
    </section>
  );
}

// --- the session's end ---

interface Proving {
  promise: Promise<void>;
  resolve: () => void;
  reject: (error: unknown) => void;
}

function newProving(): Proving {
  const proving = {} as Proving;
  proving.promise = new Promise((resolve, reject) => Object.assign(proving, { resolve, reject }));
  return proving;
}

/** What was going on waits while somebody proves once more who he is; all of it for one proof. */
function ProveAgain({ visit, onEnd }: { visit: Visit; onEnd: (error: unknown) => void }) {
  const t = useTexts(texts);
  const proving = useRef<Proving | null>(null);
  const [isAsking, setAsking] = useState(false);
  useEffect(() => {
    visit.onSessionEnd = async () => {
      proving.current ??= newProving();
      setAsking(true);
      await visit.sayHello().catch(() => {}); // locked meanwhile, perhaps; else what was known is used
      return proving.current?.promise;
    };
    return () => {
      visit.onSessionEnd = null;
      proving.current?.reject(new Failure('not-signed-in'));
    };
  }, [visit]);
  const settle = (finish: (asked: Proving) => void): void => {
    const asked = proving.current;
    proving.current = null;
    setAsking(false);
    if (asked) finish(asked);
  };
  if (!isAsking) return null;
  return (
    <Dialog title={t.proveAgain} onClose={() => settle((asked) => asked.reject(new Failure('not-signed-in')))}>
      <p class="utrecht-paragraph">{t.proveAgainText}</p>
      <Check visit={visit} isAgain onDone={() => settle((asked) => asked.resolve())} onEnd={onEnd} />
    </Dialog>
  );
}
