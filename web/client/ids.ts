import { random, toHex } from '../envelope/bytes';
import type { Id } from '../protocol/protocol';

/** A new random id: 32 digits. */
export function newId(): Id {
  return toHex(random(16));
}
