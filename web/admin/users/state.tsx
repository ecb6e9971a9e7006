import type { UserItem } from '../../protocol/protocol';
import { useTexts } from '../../ui/language';
import { texts } from './texts';

type UserState = 'active' | 'disabled' | 'locked' | 'altered';

function stateOf({ is_altered, is_disabled, locked_until_ms }: UserItem, nowMs: number): UserState {
  if (is_altered) return 'altered';
  if (is_disabled) return 'disabled';
  return locked_until_ms > nowMs ? 'locked' : 'active';
}

const LOOKS: Record<UserState, string> = { active: 'opened', disabled: 'expired', locked: 'revoked', altered: 'undeliverable' };

/** A word; the colour repeats it. */
export function State({ user, nowMs }: { user: UserItem; nowMs: number }) {
  const t = useTexts(texts);
  const state = stateOf(user, nowMs);
  return <span class={`status status--${LOOKS[state]}`}>{t.states[state]}</span>;
}
