// The administrator's pages, loaded when an administrator or auditor goes to /admin. Which of them,
// and whose account, stands behind the '#'.

import type { ComponentType } from 'preact';

import { ROLES } from '../protocol/protocol';
import { Link } from '../sender/link';
import { usePlace } from '../sender/router';
import { useSession } from '../sender/session';
import { useTexts } from '../ui/language';
import { LogPage } from './log/log';
import { OrganisationPage } from './organisation/organisation';
import { PolicyPage } from './policy/policy';
import { ServerPage } from './server/server';
import { texts } from './texts';
import { UsersPage } from './users/users';

type Section = 'users' | 'organisation' | 'policy' | 'log' | 'server';

/** `at`: what stands behind the section's name in the fragment. */
const PAGES: Record<Section, ComponentType<{ at: string }>> = {
  users: UsersPage,
  organisation: OrganisationPage,
  policy: PolicyPage,
  log: LogPage,
  server: ServerPage,
};

/** Auditors see the log and nothing else; the server decides the same for every request. */
function sectionsOf(roles: number): Section[] {
  return roles & ROLES.ROLE_ADMIN ? (Object.keys(PAGES) as Section[]) : ['log'];
}

export function AdminPage() {
  const t = useTexts(texts);
  const { profile } = useSession();
  const [name, at = ''] = usePlace().fragment.split('/');
  const sections = sectionsOf(profile.roles);
  const section = sections.find((each) => each === name) ?? sections[0]!;
  const Shown = PAGES[section];
  return (
    <>
      {sections.length > 1 && (
        <nav class="tabs" aria-label={t.navigation}>
          <ul class="tabs__list">
            {sections.map((each) => (
              <li key={each}>
                <Link to={`/admin#${each}`} class="tabs__link" isCurrent={each === section}>
                  {t.sections[each]}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
      )}
      <Shown key={section} at={at} />
    </>
  );
}
