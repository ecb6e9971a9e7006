// What happened with one recipient, oldest first.

import type { RecipientRow } from '../../client/lists';
import { useFormat } from '../../ui/format';
import { useTexts } from '../../ui/language';
import { texts } from './texts';

interface Step {
  what: string;
  atMs?: number;
  isWarning?: boolean;
}

export function isLocked({ is_frozen, locked_until_ms }: RecipientRow, nowMs: number): boolean {
  return is_frozen || locked_until_ms > nowMs;
}

export function isEnded({ status, expires_ms }: { status: string; expires_ms: number }, nowMs: number): boolean {
  return status === 'revoked' || status === 'expired' || expires_ms <= nowMs;
}

interface TrailProps {
  recipient: RecipientRow;
  sentMs: number;
  attachments: number;
  nowMs: number;
}

export function Trail({ recipient, sentMs, attachments, nowMs }: TrailProps) {
  const t = useTexts(texts).step;
  const format = useFormat();
  const { status, delivered_ms, shown_ms, opened_ms, replied_ms, locked_until_ms, is_frozen } = recipient;
  const steps: (Step | false)[] = [
    { what: t.sent, atMs: sentMs },
    delivered_ms > 0 && { what: t.delivered, atMs: delivered_ms },
    status === 'undeliverable' && { what: t.undeliverable, isWarning: true },
    shown_ms > 0 && { what: opened_ms > 0 ? t.shown : t.onlyShown, atMs: shown_ms },
    opened_ms > 0 && { what: t.opened, atMs: opened_ms },
    // One commit with the opening: the right to download every part is given with the key.
    opened_ms > 0 && attachments > 0 && { what: t.released(attachments), atMs: opened_ms },
    replied_ms > 0 && { what: t.replied, atMs: replied_ms },
    is_frozen && { what: t.frozen, isWarning: true },
    !is_frozen && locked_until_ms > nowMs && { what: t.locked(format.time(locked_until_ms)), isWarning: true },
    status === 'revoked' && { what: t.revoked, isWarning: true },
    status === 'expired' && { what: t.expired },
    opened_ms === 0 && !isEnded(recipient, nowMs) && { what: t.waiting },
  ];
  return (
    <ol class="trail">
      {steps.map(
        (step) =>
          step && (
            <li key={step.what} class={step.isWarning ? 'trail__warning' : undefined}>
              {step.atMs !== undefined && <span class="quiet">{format.dateTime(step.atMs)}: </span>}
              {step.what}
            </li>
          ),
      )}
    </ol>
  );
}
