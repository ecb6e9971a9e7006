// How every page begins: in a browser that can, the page; else a text that says what to do.

import { type ComponentChild, render } from 'preact';

import { pause } from '../client/http';
import { Alert } from './alert';
import { useSharedTexts } from './language';
import { Page, StateHeading } from './page';

function Unable({ why }: { why: 'insecure' | 'tooOld' }) {
  const t = useSharedTexts();
  return (
    <Page title={t[why].title} isNarrow>
      <div class="card">
        <StateHeading>{t[why].title}</StateHeading>
        <Alert kind="warning">
          <p class="utrecht-paragraph">{t[why].text}</p>
        </Alert>
      </div>
    </Page>
  );
}

/** What stands in the way: no secure connection (then WebCrypto is missing too), or an old browser. */
function obstacle(): 'insecure' | 'tooOld' | null {
  if (!globalThis.isSecureContext) return 'insecure';
  const has = 'crypto' in globalThis && 'subtle' in crypto && 'AbortController' in globalThis && 'ReadableStream' in globalThis;
  return has ? null : 'tooOld';
}

export interface Beginning {
  page: ComponentChild;
  /** Settled when there is something to show. */
  ready: Promise<unknown>;
}

/** The text that came with the page stays for as long: drawing "one moment" anew takes an old telephone a sixth of a second. */
const PATIENCE_MS = 1000;

/** `begin` is called once nothing stands in the way. */
export function start(begin: () => Beginning): void {
  const root = document.getElementById('app')!;
  const draw = (page: ComponentChild): void => {
    root.textContent = '';
    render(page, root);
  };
  const why = obstacle();
  if (why) return draw(<Unable why={why} />);
  const { page, ready } = begin();
  void Promise.race([ready.catch(() => {}), pause(PATIENCE_MS)]).then(() => draw(page));
}
