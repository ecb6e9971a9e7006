// One entry: what in words, who, and when; the rest when somebody opens it.

import type { ComponentChildren } from 'preact';

import type { LogEntry } from '../../client/audit';
import { toHex } from '../../envelope/bytes';
import { Button } from '../../ui/button';
import { useFormat } from '../../ui/format';
import { useLanguage, useTexts } from '../../ui/language';
import { rolesIn } from '../users/roles';
import { texts as users } from '../users/texts';
import { events, isEvent } from './events';
import { particularsOf } from './particulars';
import { texts } from './texts';

/** What an administrator should not overlook. */
const GRAVE: ReadonlySet<string> = new Set(['tampering-detected', 'frozen', 'notification-bounced', 'send-refused']);

function useTitle({ kind }: LogEntry): string {
  const t = useTexts(texts);
  const words = useTexts(events);
  return isEvent(kind) ? words[kind] : t.unknown(kind);
}

function People({ entry }: { entry: LogEntry }) {
  const t = useTexts(texts);
  if (entry.disclosures.length === 0) return null;
  return (
    <span class="log__people">
      {entry.disclosures.map(({ name, value }) => (
        <span key={`${name} ${value}`}>
          <span class="quiet">{t.people[name] ?? name}:</span> <bdi>{value}</bdi>
        </span>
      ))}
    </span>
  );
}

/** What a service noted, in the reader's words where they are known; roles are bits there. */
function Reason({ kind, reason }: LogEntry) {
  const words = useTexts(users);
  const language = useLanguage();
  const roles = /^roles (\d+) to (\d+)$/.exec(reason);
  if (roles) return <>{`${rolesIn(Number(roles[1]), words)} → ${rolesIn(Number(roles[2]), words)}`}</>;
  const said = particularsOf(kind, reason, language);
  return said === null ? <bdi lang="en">{reason}</bdi> : <bdi>{said}</bdi>;
}

function Fact({ title, children }: { title: string; children: ComponentChildren }) {
  return children ? (
    <>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </>
  ) : null;
}

function Facts({ entry, onMessage }: { entry: LogEntry; onMessage: (message: string) => void }) {
  const t = useTexts(texts);
  const format = useFormat();
  return (
    <>
      <dl class="info">
        <Fact title={t.number}>{format.number(entry.seq)}</Fact>
        <Fact title={t.time}>{entry.atMs ? new Date(entry.atMs).toISOString() : ''}</Fact>
        <Fact title={t.by}>{t.actors[entry.actorClass] ?? entry.actorClass}</Fact>
        <Fact title={t.outcome}>{t.result[entry.result] ?? (entry.result === 'ok' ? t.done : entry.result)}</Fact>
        <Fact title={t.reason}>{entry.reason && <Reason {...entry} />}</Fact>
        <Fact title={t.about}>{entry.message && <span class="code-text">{entry.message}</span>}</Fact>
        <Fact title={t.link}>{entry.link && <span class="code-text">{entry.link}</span>}</Fact>
        <Fact title={t.source}>{entry.source}</Fact>
        <Fact title={t.hash}>
          <span class="code-text">{toHex(entry.hash)}</span>
        </Fact>
        <Fact title={t.stored}>
          <span class="code-text log__stored">{entry.entry}</span>
        </Fact>
      </dl>
      {entry.erased > 0 && <p class="utrecht-paragraph">{t.erased(entry.erased)}</p>}
      {entry.message && <Button onClick={() => onMessage(entry.message)}>{t.onlyMessage}</Button>}
    </>
  );
}

export function Entry({ entry, onMessage }: { entry: LogEntry; onMessage: (message: string) => void }) {
  const t = useTexts(texts);
  const format = useFormat();
  const title = useTitle(entry);
  const result = t.result[entry.result];
  const isGrave = GRAVE.has(entry.kind);
  return (
    <li class={`log__entry${isGrave ? ' log__entry--grave' : ''}`}>
      <details>
        <summary class="log__head">
          <span class="log__title">{title}</span>
          {result && <span class="status status--revoked">{result}</span>}
          <People entry={entry} />
          <time class="quiet log__time" dateTime={new Date(entry.atMs).toISOString()}>
            {format.dateTime(entry.atMs)}
          </time>
        </summary>
        <Facts entry={entry} onMessage={onMessage} />
      </details>
    </li>
  );
}
