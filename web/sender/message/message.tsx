import { useState } from 'preact/hooks';

import { hasWord } from '../../client/failure';
import type { ListedMessage } from '../../client/office';
import type { Id } from '../../protocol/protocol';
import { Alert, FailureAlert } from '../../ui/alert';
import { Button } from '../../ui/button';
import { useFormat } from '../../ui/format';
import { useSharedTexts, useTexts } from '../../ui/language';
import { StateHeading } from '../../ui/page';
import type { Writing } from '../compose/writing';
import { Link } from '../link';
import { NewsLine } from '../news';
import { subjectOf } from '../list/list';
import { go } from '../router';
import { useSession } from '../session';
import { Status } from '../status';
import { texts as office } from '../texts';
import { type Detail, useDetail } from './detail';
import { Reading } from './reading';
import { type Act, ActResult, Recipients, Sure } from './recipients';
import { texts } from './texts';
import { isEnded } from './trail';

interface Result {
  said: string;
  error: unknown;
}

function useAct(refresh: () => Promise<void>): [Result, Act] {
  const { run } = useSession();
  const [result, setResult] = useState<Result>({ said: '', error: null });
  const act: Act = async (work, said) => {
    setResult({ said: '', error: null });
    try {
      await run(work);
      setResult({ said, error: null });
    } catch (error) {
      setResult({ said: '', error });
    }
    await refresh();
  };
  return [result, act];
}

function Head({ detail }: { detail: Detail }) {
  const t = useTexts(texts);
  const words = useTexts(office);
  const format = useFormat();
  const { message, now_ms } = detail;
  const isReply = message.direction === 'reply';
  const hasEnded = isEnded(message, now_ms);
  const when = format.dateTime(message.created_ms);
  return (
    <>
      <StateHeading>
        <bdi>{subjectOf(message, words)}</bdi>
      </StateHeading>
      <p class="utrecht-paragraph">
        {isReply ? t.repliedBy(message.name || message.address, when) : t.sentBy(when)}{' '}
        {hasEnded ? t.ended(format.dateTime(message.expires_ms)) : t.until(format.dateTime(message.expires_ms))} {!isReply && <Status status={message.status} />}
      </p>
      {message.parent && (
        <p class="utrecht-paragraph">
          <Link to={`/message#${message.parent}`}>{t.parent}</Link>
        </p>
      )}
    </>
  );
}

/** An answer goes to who wrote the reply, in a message of its own with its own check. */
function Answer({ reply, writing }: { reply: ListedMessage; writing: Writing }) {
  const t = useTexts(texts);
  const [isBlocked, setBlocked] = useState(false);
  const answer = (): void => {
    if (writing.isDirty && writing.parent !== reply.message) return setBlocked(true);
    const subject = reply.subject ?? '';
    writing.begin({
      recipients: [{ address: reply.address, name: reply.name === reply.address ? '' : reply.name }],
      subject: /^re: /i.test(subject) ? subject : t.answerSubject(subject),
      parent: reply.message,
    });
    go('/compose');
  };
  return (
    <>
      {isBlocked && (
        <Alert kind="warning">
          <p class="utrecht-paragraph">{t.unwritten}</p>
        </Alert>
      )}
      <Button kind="primary" onClick={answer}>
        {t.answerButton}
      </Button>
    </>
  );
}

function Replies({ detail, writing }: { detail: Detail; writing: Writing }) {
  const t = useTexts(texts);
  const words = useTexts(office);
  const format = useFormat();
  if (detail.replies.length === 0) return null;
  return (
    <section class="card" aria-labelledby="replies">
      <h2 class="utrecht-heading-2 first" id="replies">
        {t.replies}
      </h2>
      <ul class="recipients">
        {[...detail.replies].reverse().map((row) => (
          <li class="recipient" key={row.message}>
            <h3 class="utrecht-heading-3 first">
              <bdi>{row.direction === 'reply' ? t.reply(row.name || row.address) : t.answer}</bdi>
            </h3>
            <p class="utrecht-paragraph quiet">
              {format.dateTime(row.created_ms)}: <bdi>{subjectOf(row, words)}</bdi>
            </p>
            {!isEnded(row, detail.now_ms) && <Reading message={row.message} label={row.direction === 'reply' ? t.readReply : t.read} />}
            <div class="actions">
              {row.direction === 'reply' && row.address && <Answer reply={row} writing={writing} />}
              <Link to={`/message#${row.message}`}>{t.own}</Link>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Ending({ detail, act, onDeleted }: { detail: Detail; act: Act; onDeleted: () => void }) {
  const t = useTexts(texts);
  const { office: client, run } = useSession();
  const [asked, setAsked] = useState<'revoke' | 'delete' | null>(null);
  const [error, setError] = useState<unknown>(null);
  const { message } = detail.message;
  const isRevocable = detail.message.direction === 'message' && !isEnded(detail.message, detail.now_ms);
  const doDelete = async (): Promise<void> => {
    setAsked(null);
    try {
      await run(() => client.delete(message));
      onDeleted();
    } catch (failure) {
      setError(failure);
    }
  };
  const revoke = (): void => {
    setAsked(null);
    void act(() => client.revoke(message), t.revoked);
  };
  return (
    <div class="actions ending">
      <FailureAlert error={error} />
      {isRevocable && <Button onClick={() => setAsked('revoke')}>{detail.recipients.length > 1 ? t.revokeAll : t.revoke}</Button>}
      <Button onClick={() => setAsked('delete')}>{t.delete}</Button>
      {asked === 'revoke' && <Sure asked={{ title: t.revokeTitle, text: t.revokeAllText, yes: t.revoke }} onYes={revoke} onNo={() => setAsked(null)} />}
      {asked === 'delete' && (
        <Sure asked={{ title: t.deleteTitle, text: t.deleteText, more: t.deleteKeep, yes: t.delete }} onYes={() => void doDelete()} onNo={() => setAsked(null)} />
      )}
    </div>
  );
}

function Missing() {
  const t = useTexts(texts);
  return (
    <div class="card">
      <StateHeading>{t.missing}</StateHeading>
      <p class="utrecht-paragraph">{t.missingText}</p>
    </div>
  );
}

function Deleted() {
  const t = useTexts(texts);
  return (
    <div class="card">
      <StateHeading>{t.deleted}</StateHeading>
    </div>
  );
}

function Whole({ detail, result, act, writing, onDeleted }: { detail: Detail; result: Result; act: Act; writing: Writing; onDeleted: () => void }) {
  const t = useTexts(texts);
  const { message, now_ms } = detail;
  const isReply = message.direction === 'reply';
  return (
    <>
      <div class="card">
        <Head detail={detail} />
        <ActResult {...result} />
        {isEnded(message, now_ms) ? <p class="utrecht-paragraph">{t.contentGone}</p> : <Reading message={message.message} label={isReply ? t.readReply : t.read} />}
        {isReply && message.address && (
          <div class="actions">
            <Answer reply={message} writing={writing} />
          </div>
        )}
        <Ending detail={detail} act={act} onDeleted={onDeleted} />
      </div>
      <Replies detail={detail} writing={writing} />
      {!isReply && <Recipients detail={detail} act={act} />}
    </>
  );
}

export function MessagePage({ message, writing }: { message: Id; writing: Writing }) {
  const t = useTexts(texts);
  const shared = useSharedTexts();
  const words = useTexts(office);
  const { detail, error, isBusy, news, hasStopped, refresh } = useDetail(message);
  const [result, act] = useAct(refresh);
  const [isDeleted, setDeleted] = useState(false);
  const isMissing = hasWord(error, 'not-found', 'gone', 'bad-format');
  return (
    <>
      <p class="utrecht-paragraph">
        <Link to="/">{words.back}</Link>
      </p>
      {isDeleted && <Deleted />}
      {!isDeleted && isMissing && <Missing />}
      {!isDeleted && !isMissing && (
        <>
          <NewsLine news={news} hasStopped={hasStopped} />
          <FailureAlert error={error}>
            <Button onClick={() => void refresh()}>{shared.tryAgain}</Button>
          </FailureAlert>
          {!detail && !error && (
            <p class="utrecht-paragraph" role="status">
              {shared.loading}
            </p>
          )}
          {detail && <Whole detail={detail} result={result} act={act} writing={writing} onDeleted={() => setDeleted(true)} />}
          {detail && (
            <div class="actions">
              <Button isBusy={isBusy} onClick={() => void refresh()}>
                {t.refresh}
              </Button>
            </div>
          )}
        </>
      )}
    </>
  );
}
