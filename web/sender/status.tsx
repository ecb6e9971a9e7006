import { useTexts } from '../ui/language';
import { texts } from './texts';

/** In the order in which a filter offers them. */
export const STATUSES = ['sent', 'delivered', 'undeliverable', 'opened', 'replied', 'expired', 'revoked'] as const;

/** A word; the colour repeats it for who sees colours. */
export function Status({ status }: { status: string }) {
  const t = useTexts(texts);
  return <span class={`status status--${status}`}>{t.status[status] ?? status}</span>;
}
