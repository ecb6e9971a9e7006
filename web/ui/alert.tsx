import type { ComponentChildren } from 'preact';

import { isAbort, Failure } from '../client/failure';
import { useSharedTexts } from './language';

type AlertKind = 'info' | 'ok' | 'warning' | 'error';

/** Read aloud when it appears: an error at once, the others when the reader is done. */
export function Alert({ kind, children }: { kind: AlertKind; children: ComponentChildren }) {
  return (
    <div class={`utrecht-alert utrecht-alert--${kind}`} role={kind === 'error' ? 'alert' : 'status'}>
      <div class="utrecht-alert__content">{children}</div>
    </div>
  );
}

/** What went wrong, in the reader's words. Nothing for null or a cancelled transfer. */
export function FailureAlert({ error, children }: { error: unknown; children?: ComponentChildren }) {
  const t = useSharedTexts();
  if (!error || isAbort(error)) return null;
  return (
    <Alert kind="error">
      <p class="utrecht-paragraph">{t.failed[error instanceof Failure ? error.word : 'bad-format']}</p>
      {children}
    </Alert>
  );
}
