// The conversation below the message: own replies and the sender's other messages, in the order of
// time. Each is opened when somebody asks for it, since each opening is an entry in the log.

import { useId, useLayoutEffect, useRef } from 'preact/hooks';

import { FailureAlert } from '../ui/alert';
import { Button } from '../ui/button';
import { Formatted } from '../ui/formatted';
import { useFormat } from '../ui/format';
import { isolate } from '../ui/isolate';
import { useSharedTexts, useTexts } from '../ui/language';
import { AttachmentRows } from './attachments';
import type { Conversation, Entry, Told } from './conversation';
import { texts } from './texts';

interface ThreadProps {
  conversation: Conversation;
  senderName: string;
  onReload: () => void;
}

export function Thread({ conversation, senderName, onReload }: ThreadProps) {
  const t = useTexts(texts);
  const shared = useSharedTexts();
  const { others, entries, error } = conversation;
  if (others.length === 0 && !error) return null;
  return (
    <section class="card" aria-label={t.thread}>
      <h2 class="utrecht-heading-2">{t.thread}</h2>
      {others.some((each) => each.row.is_open && !each.told) && <p class="utrecht-paragraph quiet no-print">{t.threadLogged}</p>}
      {others.length > 0 && (
        <ol class="thread">
          {entries.map((entry) => (
            <li class={`thread__entry${entry.isOwn ? ' thread__entry--own' : ''}`} key={entry.row.message}>
              <Item entry={entry} senderName={senderName} onOpen={() => void conversation.open(entry)} />
            </li>
          ))}
        </ol>
      )}
      {error ? (
        <div class="no-print">
          <FailureAlert error={error} />
          <Button label={t.threadAgain} onClick={onReload}>
            {shared.tryAgain}
          </Button>
        </div>
      ) : null}
    </section>
  );
}

interface ItemProps {
  entry: Entry;
  senderName: string;
  onOpen: () => void;
}

function Item({ entry, senderName, onOpen }: ItemProps) {
  const t = useTexts(texts);
  const format = useFormat();
  const heading = useRef<HTMLHeadingElement>(null);
  const isAsked = useRef(false);
  const { row, state, told } = entry;
  const time = format.dateTime(row.created_ms);
  // The button is gone that was pressed: what it brought is read next.
  useLayoutEffect(() => {
    if (told && isAsked.current) heading.current?.focus();
    if (state.at !== 'opening') isAsked.current = false;
  }, [state.at]);
  const open = (): void => {
    isAsked.current = true;
    onOpen();
  };
  return (
    <>
      <h3 class="thread__who" tabIndex={-1} ref={heading}>
        {entry.isOwn ? t.youWrote(time) : t.theyWrote(isolate(senderName), time)}
      </h3>
      {row.is_this ? <p class="quiet">{t.thisMessage}</p> : told ? <Opened told={told} isOwn={entry.isOwn} /> : <Closed entry={entry} time={time} onOpen={open} />}
    </>
  );
}

function Closed({ entry: { isOwn, row, state }, time, onOpen }: { entry: Entry; time: string; onOpen: () => void }) {
  const t = useTexts(texts);
  const shared = useSharedTexts();
  if (!row.is_open) return <p class="quiet">{isOwn ? t.ownGone : t.otherGone}</p>;
  const isOpening = state.at === 'opening';
  return (
    <>
      {state.at === 'failed' && <FailureAlert error={state.error} />}
      <div class="no-print">
        <Button isBusy={isOpening} label={isOpening ? undefined : isOwn ? t.showOwn(time) : t.showOther(time)} onClick={onOpen}>
          {isOpening ? t.opening : shared.show}
        </Button>
      </div>
    </>
  );
}

function Opened({ told, isOwn }: { told: Told; isOwn: boolean }) {
  const t = useTexts(texts);
  const format = useFormat();
  const id = useId();
  const { subject, body, files, sentFiles } = told;
  return (
    <>
      {!isOwn && subject && (
        <p class="thread__subject">
          <bdi>{subject}</bdi>
        </p>
      )}
      {body.trim() ? <Formatted text={body} /> : <p class="quiet">{t.noBody}</p>}
      {files.length > 0 && <AttachmentRows files={files} label={t.attachments(format.number(files.length))} />}
      {sentFiles.length > 0 && (
        <>
          <p class="thread__label" id={id}>
            {t.attachments(format.number(sentFiles.length))}
          </p>
          <ul class="thread__files" aria-labelledby={id}>
            {sentFiles.map((name, at) => (
              <li key={at}>
                <bdi>{name}</bdi>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}
