import { useCallback, useEffect, useLayoutEffect, useMemo, useState } from 'preact/hooks';

import { hasWord } from '../client/failure';
import { resetLink } from '../client/kept_link';
import { Office, type Profile } from '../client/office';
import { type OrganisationReply, ROLES } from '../protocol/protocol';
import { Alert, FailureAlert } from '../ui/alert';
import { Button } from '../ui/button';
import { language, useSharedTexts, useTexts } from '../ui/language';
import { Page, StateHeading } from '../ui/page';
import { applyTheme } from '../ui/theme';
import { Writing } from './compose/writing';
import { IdentityChanged } from './identity';
import { lazy } from './lazy';
import { Link } from './link';
import { ListPage } from './list/list';
import { policyOf, policyOfProfile } from './policy';
import { go, usePlace } from './router';
import { SessionProvider, rememberEmail, useSession } from './session';
import { SignInPage } from './sign_in';
import { texts } from './texts';

const ComposePage = lazy(async () => (await import('./compose/compose')).ComposePage);
const MessagePage = lazy(async () => (await import('./message/message')).MessagePage);
const SettingsPage = lazy(async () => (await import('./settings/settings')).SettingsPage);
const ResetPage = lazy(async () => (await import('./settings/reset')).ResetPage);
const AdminPage = lazy(async () => (await import('../admin/page')).AdminPage);

const MESSAGE = /^[0-9a-f]{32}$/;

type Place = 'list' | 'compose' | 'settings' | 'admin';
const PATHS: Record<Place, string> = { list: '/', compose: '/compose', settings: '/settings', admin: '/admin' };

function placesOf({ roles }: Profile): Place[] {
  const isSender = (roles & ROLES.ROLE_SENDER) !== 0;
  const isAdmin = (roles & (ROLES.ROLE_ADMIN | ROLES.ROLE_AUDITOR)) !== 0;
  return [...(isSender ? (['list', 'compose'] as const) : []), ...(isAdmin ? (['admin'] as const) : []), 'settings'];
}

function Navigation() {
  const t = useTexts(texts);
  const { profile, signOut } = useSession();
  const { path } = usePlace();
  return (
    <nav class="menu" aria-label={t.navigation}>
      <ul class="menu__list">
        {placesOf(profile).map((place) => (
          <li key={place}>
            <Link to={PATHS[place]} class="menu__link" isCurrent={path === PATHS[place]}>
              {place === 'compose' ? t.composeShort : t[place]}
            </Link>
          </li>
        ))}
        <li class="menu__who">
          <bdi>{profile.name}</bdi>
        </li>
        <li>
          <Button kind="subtle" onClick={signOut}>
            {t.signOut}
          </Button>
        </li>
      </ul>
    </nav>
  );
}

function Unknown() {
  const t = useTexts(texts);
  return (
    <div class="card">
      <StateHeading>{t.notHere}</StateHeading>
      <Link to="/">{t.back}</Link>
    </div>
  );
}

function Here({ writing }: { writing: Writing }) {
  const { path, fragment } = usePlace();
  const { profile } = useSession();
  const isAdmin = (profile.roles & (ROLES.ROLE_ADMIN | ROLES.ROLE_AUDITOR)) !== 0;
  switch (path) {
    case '/':
      return profile.roles & ROLES.ROLE_SENDER ? <ListPage /> : isAdmin ? <AdminPage /> : <SettingsPage />;
    case '/compose':
      return <ComposePage writing={writing} />;
    case '/message':
      // Each message has a page of its own: what is still under way for the last one ends there.
      return MESSAGE.test(fragment) ? <MessagePage key={fragment} message={fragment} writing={writing} /> : <Unknown />;
    case '/settings':
      return <SettingsPage />;
    case '/admin':
      return isAdmin ? <AdminPage /> : <Unknown />;
    default:
      return <Unknown />;
  }
}

/** The browser asks before a tab goes away with something unfinished in it. */
function useLeaveWarning(writing: Writing): void {
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent): void => {
      writing.keepNow();
      if (!writing.isDirty) return;
      event.preventDefault();
      event.returnValue = ''; // what older browsers look at
    };
    window.addEventListener('beforeunload', warn);
    window.addEventListener('pagehide', writing.keepNow);
    return () => {
      window.removeEventListener('beforeunload', warn);
      window.removeEventListener('pagehide', writing.keepNow);
    };
  }, [writing]);
}

function titleOf(path: string, t: { title: string } & Record<Place, string>): string {
  const place = (Object.keys(PATHS) as Place[]).find((each) => PATHS[each] === path);
  return place ? t[place] : t.title;
}

interface SignedInProps {
  office: Office;
  profile: Profile;
  organisation: OrganisationReply | null;
  onRenew: () => Promise<void>;
  onSignOut: () => void;
}

function SignedIn({ office, profile, organisation, onRenew, onSignOut }: SignedInProps) {
  const t = useTexts(texts);
  const { path } = usePlace();
  const policy = useMemo(() => (organisation ? policyOf(organisation) : policyOfProfile(profile, language())), [organisation, profile]);
  const writing = useMemo(() => new Writing(profile.user, policy), [profile.user, policy]);
  useLeaveWarning(writing);
  // The draft goes on under another policy: what was typed is kept over it.
  const renew = useCallback(() => (writing.keepNow(), onRenew()), [writing, onRenew]);
  const signOut = useCallback(() => {
    writing.clear();
    onSignOut();
  }, [writing, onSignOut]);
  return (
    <SessionProvider office={office} profile={profile} policy={policy} onRenew={renew} onSignOut={signOut}>
      <Page title={titleOf(path, t)} organisation={organisation?.name ?? profile.organisation_name} navigation={<Navigation />} logo={organisation?.logo} isNarrow={path !== '/' && path !== '/admin'}>
        <Here writing={writing} />
      </Page>
    </SessionProvider>
  );
}

/** The organisation's look and policy: asked once, before anything is shown. */
function WithOrganisation({ office, profile, onSignOut }: Omit<SignedInProps, 'organisation' | 'onRenew'>) {
  const t = useTexts(texts);
  const shared = useSharedTexts();
  const [asked, setAsked] = useState<{ organisation: OrganisationReply | null } | null>(null);
  const ask = useCallback(async () => {
    const organisation = await office.organisation();
    applyTheme(organisation.colour);
    setAsked({ organisation });
  }, [office]);
  useEffect(() => void ask().catch(() => setAsked({ organisation: null })), [ask]);
  if (asked) return <SignedIn office={office} profile={profile} organisation={asked.organisation} onRenew={ask} onSignOut={onSignOut} />;
  return (
    <Page title={t.title} organisation={profile.organisation_name}>
      <p class="utrecht-paragraph" role="status">
        {shared.loading}
      </p>
    </Page>
  );
}

interface Opened {
  office: Office | null;
  error: unknown;
}

function Closed({ opened, onAgain, onSignedIn, hasEnded }: { opened: Opened; onAgain: () => void; onSignedIn: () => void; hasEnded: boolean }) {
  const t = useTexts(texts);
  const shared = useSharedTexts();
  const { office, error } = opened;
  const isChanged = hasWord(error, 'tampered');
  return (
    <Page title={isChanged ? t.changedTitle : t.signIn} isNarrow>
      {!office && !error && (
        <p class="utrecht-paragraph" role="status">
          {shared.loading}
        </p>
      )}
      {isChanged && <IdentityChanged onAccepted={onAgain} />}
      {error && !isChanged ? (
        <Alert kind="error">
          <FailureAlert error={error} />
          <Button onClick={onAgain}>{shared.tryAgain}</Button>
        </Alert>
      ) : null}
      {office && <SignInPage office={office} onDone={onSignedIn} hasEnded={hasEnded} />}
    </Page>
  );
}

/** An administrator's one-time link: nobody is signed in there, and nobody need be. */
export const RESET = '/reset';

function Reset() {
  const [link] = useState(() => resetLink.take());
  useEffect(() => resetLink.watch(), []);
  return <ResetPage link={link} />;
}

/** `office`: as it was asked for before there was a page; null on the way to a new password. */
export function App({ office }: { office: Promise<Office> | null }) {
  return office ? <Desk first={office} /> : <Reset />;
}

function Desk({ first }: { first: Promise<Office> }) {
  const [opened, setOpened] = useState<Opened>({ office: null, error: null });
  const [profile, setProfile] = useState<Profile | null>(null);
  const [hasEnded, setEnded] = useState(false);
  const open = useCallback((asked = Office.open()) => {
    setOpened({ office: null, error: null });
    asked.then(
      (office) => {
        setOpened({ office, error: null });
        setProfile(office.profile);
      },
      (error: unknown) => setOpened({ office: null, error }),
    );
  }, []);
  useLayoutEffect(() => open(first), [open, first]);
  const { office } = opened;
  const signOut = useCallback(() => {
    rememberEmail(null);
    applyTheme('');
    setEnded(true);
    setProfile(null);
    void office?.signOut();
    go('/');
  }, [office]);
  if (office && profile) return <WithOrganisation office={office} profile={profile} onSignOut={signOut} />;
  return <Closed opened={opened} onAgain={() => open()} onSignedIn={() => setProfile(office?.profile ?? null)} hasEnded={hasEnded} />;
}
