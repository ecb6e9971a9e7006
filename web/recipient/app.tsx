// What the page of a link shows: one state after the other, each with its own heading.

import { useLayoutEffect, useState } from 'preact/hooks';

import type { Content } from '../client/content';
import { hasWord } from '../client/failure';
import { Visit } from '../client/visit';
import type { LinkParts } from '../envelope/link';
import { suggestLanguage, useTexts } from '../ui/language';
import { Page } from '../ui/page';
import { applyTheme } from '../ui/theme';
import { type Contact, forgetContact, keepContact, keptContact } from './contact';
import { Message } from './message';
import { Failed, Gone, Loading, NoLink, SignedOut, isGone } from './states';
import { texts } from './texts';
import { Welcome } from './welcome';

type State =
  | { at: 'loading' | 'no-link' | 'signed-out' }
  | { at: 'gone'; contact: Contact | null }
  | { at: 'failed'; error: unknown; retry: () => void }
  | { at: 'check'; visit: Visit }
  | { at: 'message'; visit: Visit; content: Content };

/** The way from a link to its message. It begins before there is a page to see it on. */
export class Journey {
  visit: Visit | null = null;
  state: State = { at: 'loading' };
  private onState: (state: State) => void = () => {};

  constructor(private readonly link: LinkParts | null) {}

  /** Called with the state as it is, and with each that follows. */
  watch(onState: (state: State) => void): void {
    this.onState = onState;
    onState(this.state);
  }

  private show(state: State): void {
    this.state = state;
    this.onState(state);
  }

  async start(): Promise<void> {
    this.visit = null;
    if (!this.link) return this.show({ at: 'no-link' });
    this.show({ at: 'loading' });
    try {
      const visit = (this.visit = await Visit.open(this.link));
      suggestLanguage(visit.hello.language);
      applyTheme(visit.hello.organisation_colour);
      keepContact(this.link.link, visit.hello);
      if (visit.isVerified) await this.openMessage();
      else this.show({ at: 'check', visit });
    } catch (error) {
      this.end(error, () => void this.start());
    }
  }

  async openMessage(): Promise<void> {
    const visit = this.visit!;
    this.show({ at: 'loading' });
    try {
      this.show({ at: 'message', visit, content: await visit.open() });
    } catch (error) {
      if (hasWord(error, 'not-signed-in')) this.show({ at: 'check', visit });
      else this.end(error, () => void this.openMessage());
    }
  }

  end(error: unknown, retry: () => void = () => void this.start()): void {
    applyTheme('');
    if (isGone(error)) this.show({ at: 'gone', contact: this.link && keptContact(this.link.link) });
    else this.show({ at: 'failed', error, retry });
  }

  signOut(): void {
    void this.visit!.signOut();
    forgetContact();
    this.show({ at: 'signed-out' });
  }
}

function Shown({ state, journey }: { state: State; journey: Journey }) {
  switch (state.at) {
    case 'loading':
      return <Loading />;
    case 'no-link':
      return <NoLink />;
    case 'gone':
      return <Gone contact={state.contact} />;
    case 'signed-out':
      return <SignedOut />;
    case 'failed':
      return <Failed error={state.error} onRetry={state.retry} />;
    case 'check':
      return <Welcome visit={state.visit} onDone={() => void journey.openMessage()} onEnd={(error) => journey.end(error)} />;
    case 'message':
      return <Message visit={state.visit} content={state.content} onSignOut={() => journey.signOut()} onEnd={(error) => journey.end(error)} />;
  }
}

export function App({ journey }: { journey: Journey }) {
  const t = useTexts(texts);
  const [state, show] = useState(journey.state);
  useLayoutEffect(() => journey.watch(show), [journey]);
  // An organisation's name only beside what is its own: an ended link shows nobody's.
  const hello = ('visit' in state ? state.visit : state.at === 'loading' ? journey.visit : null)?.hello;
  return (
    <Page title={t.title} organisation={hello?.organisation_name} logo={hello?.organisation_logo} isNarrow>
      <Shown state={state} journey={journey} />
    </Page>
  );
}
