// The key of an organisation is replaced: one step after the other until nothing is under the old one.
// What is done is in the server's tables alone, so whoever asks next goes on.

import type { RotationState, RotationStepReply } from '../protocol/protocol';
import { hasWord } from './failure';
import { pause } from './http';

/** Rows that somebody holds are left for the next step. */
const HELD_MS = 1_000;
const WAIT_MS = 5_000;

export interface Watching {
  onState: (state: RotationState) => void;
  /** The server is away or busy: it goes on by itself. */
  onWaiting: () => void;
  signal: AbortSignal;
}

/** 'altered': all that is left does not open, because its rows were changed behind the system's back. */
export async function bringToEnd(step: () => Promise<RotationStepReply>, { onState, onWaiting, signal }: Watching): Promise<'done' | 'altered'> {
  for (;;) {
    signal.throwIfAborted();
    const answer = await step().catch((error: unknown) => {
      if (!hasWord(error, 'unavailable', 'timeout', 'not-active', 'busy', 'rate-limited')) throw error;
      onWaiting();
      return Math.max(WAIT_MS, error.retryAfterS * 1000);
    });
    if (typeof answer === 'number') {
      await pause(answer, signal);
      continue;
    }
    const { state, rewrapped, refused } = answer;
    onState(state);
    if (!state.is_under_way) return 'done';
    if (rewrapped > 0) continue;
    if (state.behind > 0 && refused >= state.behind) return 'altered';
    await pause(HELD_MS, signal);
  }
}
