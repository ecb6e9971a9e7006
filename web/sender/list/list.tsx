import { useState } from 'preact/hooks';

import type { ListedMessage } from '../../client/office';
import { FailureAlert } from '../../ui/alert';
import { Button } from '../../ui/button';
import { Select } from '../../ui/choice';
import { TextField } from '../../ui/field';
import { useFormat } from '../../ui/format';
import { useSharedTexts, useTexts } from '../../ui/language';
import { type Column, Table } from '../../ui/lists';
import { StateHeading } from '../../ui/page';
import { Link } from '../link';
import { NewsLine } from '../news';
import { STATUSES, Status } from '../status';
import { texts as office } from '../texts';
import { type Pages, usePages } from './pages';
import { texts } from './texts';
import { type Thread, type Wanted, threadsOf, wantedOf } from './threads';

export function subjectOf(row: ListedMessage, t: { noSubject: string; lockedSubject: string }): string {
  if (row.subject === null) return t.lockedSubject;
  return row.subject || t.noSubject;
}

function FollowUps({ rows }: { rows: readonly ListedMessage[] }) {
  const t = useTexts(texts);
  const format = useFormat();
  if (rows.length === 0) return null;
  return (
    <ul class="follow-ups">
      {rows.map((row) => (
        <li key={row.message}>
          <Link to={`/message#${row.message}`}>
            <bdi>{row.direction === 'reply' ? t.reply(row.name || row.address) : t.answer}</bdi>
          </Link>{' '}
          <span class="quiet">{format.dateTime(row.created_ms)}</span>
          {row.direction === 'message' && (
            <>
              {' '}
              <Status status={row.status} />
            </>
          )}
        </li>
      ))}
    </ul>
  );
}

function Subject({ thread: { first, followUps } }: { thread: Thread }) {
  const t = useTexts(texts);
  const shared = useTexts(office);
  return (
    <>
      {first.direction === 'reply' && <span class="quiet">{t.reply(first.name || first.address)}: </span>}
      <Link to={`/message#${first.message}`} class="utrecht-link rows__subject">
        <bdi>{subjectOf(first, shared)}</bdi>
      </Link>
      {first.parts > 1 && <span class="quiet rows__attachments"> {t.attachments(first.parts - 1)}</span>}
      <FollowUps rows={followUps} />
    </>
  );
}

function useColumns(): Column<Thread>[] {
  const t = useTexts(texts);
  const format = useFormat();
  return [
    { key: 'subject', title: t.subject, cell: (thread) => <Subject thread={thread} /> },
    { key: 'status', title: t.status, cell: ({ first }) => (first.direction === 'reply' ? null : <Status status={first.status} />) },
    {
      key: 'opened',
      title: t.opened,
      cell: ({ first }) => (first.direction === 'reply' ? null : t.openedOf(format.number(first.opened), format.number(first.recipients))),
    },
    { key: 'sent', title: t.sent, cell: ({ first }) => format.date(first.created_ms) },
    { key: 'expires', title: t.expires, cell: ({ first }) => format.date(first.expires_ms) },
  ];
}

function Empty() {
  const t = useTexts(texts);
  return (
    <div class="card">
      <h2 class="utrecht-heading-2 first">{t.emptyTitle}</h2>
      <p class="utrecht-paragraph">{t.emptyText}</p>
      <p class="utrecht-paragraph">{t.emptyHow}</p>
    </div>
  );
}

function Older({ pages, isSearching }: { pages: Pages; isSearching: boolean }) {
  const t = useTexts(texts);
  const format = useFormat();
  if (!pages.loaded?.next) return null;
  if (pages.isBusy && isSearching)
    return (
      <div class="actions">
        <span role="status">{t.searching(format.number(pages.loaded.rows.length))}</span>
        <Button onClick={pages.stop}>{t.stop}</Button>
      </div>
    );
  return (
    <div class="actions">
      <Button isBusy={pages.isBusy} onClick={isSearching ? pages.all : pages.more}>
        {isSearching ? t.searchOlder : t.more}
      </Button>
    </div>
  );
}

function Filter({ wanted, onChange }: { wanted: Wanted; onChange: (wanted: Wanted) => void }) {
  const t = useTexts(texts);
  const words = useTexts(office).status;
  const options = [{ value: '', label: t.all }, ...STATUSES.map((each) => ({ value: each as string, label: words[each]! }))];
  return (
    <form class="filter" role="search" onSubmit={(event) => event.preventDefault()}>
      <TextField label={t.search} hint={t.searchHint} type="search" value={wanted.text} onInput={(text) => onChange({ ...wanted, text })} />
      <Select label={t.filter} options={options} value={wanted.status} onChange={(status) => onChange({ ...wanted, status })} />
    </form>
  );
}

function Messages({ pages }: { pages: Pages }) {
  const t = useTexts(texts);
  const format = useFormat();
  const columns = useColumns();
  const [wanted, setWanted] = useState<Wanted>({ status: '', text: '' });
  const threads = threadsOf(pages.loaded!.rows);
  const isSearching = Boolean(wanted.status || wanted.text.trim());
  const found = isSearching ? wantedOf(threads, wanted) : threads;
  const count = pages.loaded!.next ? t.shown : t.shownAll;
  return (
    <>
      <Filter wanted={wanted} onChange={setWanted} />
      <p class="quiet list__count" role="status">
        {isSearching && count(format.number(found.length), format.number(threads.length))}
      </p>
      {found.length > 0 ? (
        <Table caption={t.caption} columns={columns} rows={found} keyOf={({ first }) => first.message} />
      ) : (
        <p class="utrecht-paragraph">{t.none}</p>
      )}
      <Older pages={pages} isSearching={isSearching} />
    </>
  );
}

export function ListPage() {
  const t = useTexts(texts);
  const shared = useSharedTexts();
  const words = useTexts(office);
  const format = useFormat();
  const pages = usePages();
  const { loaded, error, isBusy } = pages;
  return (
    <>
      <div class="head">
        <StateHeading>{t.title}</StateHeading>
        <Link to="/compose" class="utrecht-button utrecht-button--primary-action utrecht-button-link">
          {words.compose}
        </Link>
      </div>
      <NewsLine news={pages.news} hasStopped={pages.hasStopped} />
      <FailureAlert error={error}>
        <Button onClick={pages.refresh}>{shared.tryAgain}</Button>
      </FailureAlert>
      {!loaded && !error && (
        <p class="utrecht-paragraph" role="status">
          {shared.loading}
        </p>
      )}
      {loaded && loaded.rows.length === 0 && <Empty />}
      {loaded && loaded.rows.length > 0 && <Messages pages={pages} />}
      {loaded && (
        <div class="actions list__refresh">
          <Button isBusy={isBusy} onClick={pages.refresh}>
            {t.refresh}
          </Button>
          <span class="quiet" role="status">
            {t.refreshed(format.time(loaded.atMs))} {!pages.hasStopped && t.byItself}
          </span>
        </div>
      )}
    </>
  );
}
