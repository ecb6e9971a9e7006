// How every page begins: in a browser that can, the page; else a text that says what to do.

import { type ComponentChild, render } from 'preact';

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

export function start(page: ComponentChild): void {
  const root = document.getElementById('app')!;
  const why = obstacle();
  root.textContent = '';
  render(why ? <Unable why={why} /> : page, root);
}
