import { bigEndian, random, toHex } from '../envelope/bytes';
import type { Id } from '../protocol/protocol';

// Two kinds, as in lib/base/id.h.

/** 128 random bits. */
export function randomId(): Id {
  return toHex(random(16));
}

/** What is kept for long: UUID version 7 (RFC 9562, 5.7), so that the server's indexes grow at their end. */
export function newId(nowMs: number = Date.now()): Id {
  const bytes = random(16);
  bytes.set(bigEndian(nowMs, 6));
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  return toHex(bytes);
}
