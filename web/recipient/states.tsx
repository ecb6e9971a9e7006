// The pages without a message: loading, no link, ended, failed, signed out. What has ended looks the
// same whatever ended it, and whether there ever was such a link: a page must not tell that to a stranger.

import type { ComponentChildren } from 'preact';

import { hasWord } from '../client/failure';
import { FailureAlert } from '../ui/alert';
import { Button } from '../ui/button';
import { isolate } from '../ui/isolate';
import { useSharedTexts, useTexts } from '../ui/language';
import { StateHeading } from '../ui/page';
import type { Contact } from './contact';
import { texts } from './texts';

function Steps({ steps }: { steps: Record<string, string> }) {
  return (
    <ul class="steps">
      {Object.entries(steps).map(([name, step]) => (
        <li key={name}>{step}</li>
      ))}
    </ul>
  );
}

function State({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div class="card">
      <StateHeading>{title}</StateHeading>
      {children}
    </div>
  );
}

/** Its heading takes no focus: it is there only until there is something to read. */
export function Loading() {
  const t = useTexts(texts);
  const shared = useSharedTexts();
  return (
    <>
      <h1 class="utrecht-heading-1">{t.title}</h1>
      <p class="utrecht-paragraph" role="status">
        {shared.loading}
      </p>
    </>
  );
}

export function NoLink() {
  const t = useTexts(texts);
  return (
    <State title={t.noLink}>
      <p class="utrecht-paragraph">{t.noLinkText}</p>
      <h2 class="utrecht-heading-2">{t.whatNow}</h2>
      <Steps steps={t.noLinkSteps} />
    </State>
  );
}

/** `contact`: only where this tab had seen it while the link was live. */
export function Gone({ contact }: { contact: Contact | null }) {
  const t = useTexts(texts);
  return (
    <State title={t.gone}>
      <p class="utrecht-paragraph">{t.goneText}</p>
      <h2 class="utrecht-heading-2">{t.whatNow}</h2>
      <Steps steps={t.goneSteps} />
      {contact && (
        <p class="utrecht-paragraph">
          {t.goneContact(isolate(contact.organisation))} <strong>
            <bdi>{contact.line}</bdi>
          </strong>
        </p>
      )}
    </State>
  );
}

export function isGone(error: unknown): boolean {
  return hasWord(error, 'gone', 'not-found');
}

/** Another failure, with a way on, unless there should be none: what is not genuine. */
export function Failed({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const t = useTexts(texts);
  const shared = useSharedTexts();
  const isFake = hasWord(error, 'tampered');
  const isAway = hasWord(error, 'unavailable', 'timeout', 'not-active');
  return (
    <State title={isFake ? t.fake : isAway ? t.away : t.failed}>
      <FailureAlert error={error} />
      {isFake ? (
        <p class="utrecht-paragraph">{t.leaveIt}</p>
      ) : (
        <div class="actions">
          <Button kind="primary" onClick={onRetry}>
            {shared.tryAgain}
          </Button>
        </div>
      )}
    </State>
  );
}

export function SignedOut() {
  const t = useTexts(texts);
  return (
    <State title={t.signedOut}>
      <p class="utrecht-paragraph">{t.signedOutText}</p>
      <p class="utrecht-paragraph">{t.signedOutRemedy}</p>
    </State>
  );
}

export { Steps };
