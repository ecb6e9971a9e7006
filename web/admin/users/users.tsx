// Who has an account: the list, and from it the invitation and the page of one user.

import { useCallback, useState } from 'preact/hooks';

import type { Office } from '../../client/office';
import { LIMITS, ROLES, type UserItem } from '../../protocol/protocol';
import { Link } from '../../sender/link';
import { useSession } from '../../sender/session';
import { Button } from '../../ui/button';
import { TextField } from '../../ui/field';
import { useFormat } from '../../ui/format';
import { useTexts } from '../../ui/language';
import { type Column, Table } from '../../ui/lists';
import { StateHeading } from '../../ui/page';
import { hasWords, wordsOf } from '../../ui/search';
import { Answered, useAnswer } from '../answer';
import { Invite } from './invite';
import { rolesIn } from './roles';
import { State } from './state';
import { texts } from './texts';
import { UserPage } from './user';

const PAGES_MAX = 100;
/** Fewer are seen at a glance. */
const SEARCHED_FROM = 8;

export interface Users {
  list: UserItem[];
  hasMore: boolean;
}

/** So many pages as somebody asked for; with `wanted` until that user is found. */
async function usersOf(office: Office, pages: number, wanted: string): Promise<Users> {
  const list: UserItem[] = [];
  for (let page = 0; page < PAGES_MAX; page++) {
    const { users } = await office.call('users', { after: list[list.length - 1]?.email ?? '' });
    list.push(...users);
    const hasMore = users.length === LIMITS.PAGE_ROWS_MAX;
    const isFound = !wanted || users.some(({ user }) => user === wanted);
    if (!hasMore || (page + 1 >= pages && isFound)) return { list, hasMore };
  }
  return { list, hasMore: true };
}

/** No other active administrator is known; the server knows for sure. */
export function isOnlyAdmin({ list, hasMore }: Users, user: UserItem): boolean {
  const isAdmin = (each: UserItem): boolean => (each.roles & ROLES.ROLE_ADMIN) !== 0 && !each.is_disabled && !each.is_altered;
  return !hasMore && isAdmin(user) && list.every((each) => each.user === user.user || !isAdmin(each));
}

function useColumns(): Column<UserItem>[] {
  const t = useTexts(texts);
  const format = useFormat();
  const { profile, office } = useSession();
  return [
    {
      key: 'name',
      title: t.name,
      cell: ({ user, name, email }) => (
        <>
          <Link to={`/admin#users/${user}`} class="utrecht-link rows__subject">
            <bdi>{name || email}</bdi>
          </Link>
          {user === profile.user && <span class="quiet"> ({t.you})</span>}
          <div class="quiet">
            <bdi>{email}</bdi>
          </div>
        </>
      ),
    },
    { key: 'roles', title: t.roles, cell: ({ roles }) => rolesIn(roles, t) },
    { key: 'state', title: t.state, cell: (user) => <State user={user} nowMs={office.server.nowMs()} /> },
    { key: 'second', title: t.secondStep, cell: ({ has_totp }) => (has_totp ? t.on : t.off) },
    { key: 'last', title: t.lastSignIn, cell: ({ last_sign_in_ms: ms }) => (ms ? format.date(ms) : t.never) },
  ];
}

interface ListProps {
  users: Users;
  wanted: string;
  onWanted: (text: string) => void;
  onMore: () => void;
  onAll: () => void;
}

function List({ users, wanted, onWanted, onMore, onAll }: ListProps) {
  const t = useTexts(texts);
  const format = useFormat();
  const columns = useColumns();
  const words = wordsOf(wanted);
  const isSearching = words.length > 0;
  const found = users.list.filter(({ name, email }) => hasWords(words, name, email));
  const count = users.hasMore ? t.found : t.foundOfAll;
  return (
    <>
      <div class="head">
        <StateHeading>{t.title}</StateHeading>
        <Link to="/admin#users/invite" class="utrecht-button utrecht-button--primary-action utrecht-button-link">
          {t.invite}
        </Link>
      </div>
      <p class="utrecht-paragraph">{t.intro}</p>
      {(isSearching || users.hasMore || users.list.length >= SEARCHED_FROM) && (
        <form class="filter" role="search" onSubmit={(event) => event.preventDefault()}>
          <TextField label={t.search} hint={t.searchHint} type="search" value={wanted} onInput={onWanted} />
        </form>
      )}
      <p class="quiet list__count" role="status">
        {isSearching && count(format.number(found.length), format.number(users.list.length))}
      </p>
      {found.length > 0 ? <Table caption={t.caption} columns={columns} rows={found} keyOf={({ user }) => user} /> : <p class="utrecht-paragraph">{t.noneFound}</p>}
      {users.hasMore && (
        <div class="actions">
          <Button onClick={isSearching ? onAll : onMore}>{isSearching ? t.searchAll : t.more}</Button>
        </div>
      )}
    </>
  );
}

function Missing() {
  const t = useTexts(texts);
  return (
    <div class="card">
      <StateHeading>{t.notHere}</StateHeading>
      <Link to="/admin#users">{t.back}</Link>
    </div>
  );
}

export function UsersPage({ at }: { at: string }) {
  const { office } = useSession();
  const [pages, setPages] = useState(1);
  const [text, setText] = useState('');
  const wanted = /^[0-9a-f]{32}$/.test(at) ? at : '';
  const ask = useCallback(() => usersOf(office, pages, wanted), [office, pages, wanted]);
  const answer = useAnswer(ask);
  if (at === 'invite') return <Invite onMade={answer.again} />;
  return (
    <Answered answer={answer}>
      {(users) => {
        if (!at) return <List users={users} wanted={text} onWanted={setText} onMore={() => setPages(pages + 1)} onAll={() => setPages(PAGES_MAX)} />;
        const user = users.list.find((each) => each.user === wanted);
        if (!user) return <Missing />;
        return <UserPage key={user.user} user={user} isOnlyAdmin={isOnlyAdmin(users, user)} onChanged={answer.again} />;
      }}
    </Answered>
  );
}
