// A text to take along: shown, and copied by a button that says so.

import { useState } from 'preact/hooks';

import { Button } from './button';
import { useSharedTexts } from './language';

export function CopyText({ text, label }: { text: string; label: string }) {
  const t = useSharedTexts();
  const [isCopied, setCopied] = useState(false);
  const copy = (): void => void navigator.clipboard.writeText(text).then(() => setCopied(true), () => setCopied(false));
  return (
    <div class="copy">
      {/* Reachable by keyboard: it may scroll, and it can be selected where copying is not allowed. */}
      <pre class="copy__text code-text" tabIndex={0} role="group" aria-label={label}>
        {text}
      </pre>
      <div class="actions">
        <Button onClick={copy}>{t.copy}</Button>
        <span role="status">{isCopied && t.copied}</span>
      </div>
    </div>
  );
}
