// The frame of every page: skip link, the organisation's name, the language switch, one main landmark.

import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

import { LANGUAGES, chooseLanguage, useLanguage, useSharedTexts } from './language';
import { Logo } from './logo';

interface PageProps {
  /** Of the document: what this state of the page is. */
  title: string;
  organisation?: string | undefined;
  /** PNG or JPEG, or empty. */
  logo?: Uint8Array | undefined;
  /** At most a comfortable line long. */
  isNarrow?: boolean | undefined;
  /** Navigation, between header and content. */
  navigation?: ComponentChildren;
  children: ComponentChildren;
}

function LanguageSwitch() {
  const now = useLanguage();
  const t = useSharedTexts();
  return (
    <div class="page__languages" role="group" aria-label={t.languages}>
      {LANGUAGES.map((each) => (
        <button key={each} type="button" lang={each} class="page__language" aria-pressed={each === now} onClick={() => chooseLanguage(each)}>
          {t.languageNames[each]}
        </button>
      ))}
    </div>
  );
}

/** Who the page is from: the same on the page of a link and in its preview. */
export function Sender({ name, logo }: { name: string; logo?: Uint8Array | undefined }) {
  return (
    <p class="page__organisation">
      {logo && logo.length > 0 && <Logo bytes={logo} />}
      <bdi>{name}</bdi>
    </p>
  );
}

export function Page({ title, organisation, logo, isNarrow = false, navigation, children }: PageProps) {
  const t = useSharedTexts();
  const main = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    document.title = organisation ? `${title} - ${organisation}` : title;
  }, [title, organisation]);
  const skip = (event: Event): void => {
    event.preventDefault(); // the address bar stays as it is
    main.current?.focus();
  };
  return (
    <div class="page utrecht-body">
      <a class="page__skip" href="#main" onClick={skip}>
        {t.skip}
      </a>
      <header class="page__header">
        <div class="page__header-inner">
          <Sender name={organisation || t.product} logo={logo} />
          <LanguageSwitch />
        </div>
      </header>
      {navigation}
      <main id="main" class={`page__main${isNarrow ? ' page__main--narrow' : ''}`} tabIndex={-1} ref={main}>
        {children}
      </main>
      <footer class="page__footer">
        <div class="page__footer-inner">{t.footer}</div>
      </footer>
    </div>
  );
}

let isFirstState = true;

/**
 * A heading that takes the focus when a new state of the page appears, so that it is read aloud. Not
 * the first one: a page that was just opened is read from its beginning.
 */
export function StateHeading({ children }: { children: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  // Before anything is drawn: whoever sees the heading can go on from it by keys.
  useLayoutEffect(() => {
    if (!isFirstState) heading.current?.focus();
    isFirstState = false;
  }, []);
  return (
    <h1 class="utrecht-heading-1" tabIndex={-1} ref={heading}>
      {children}
    </h1>
  );
}
