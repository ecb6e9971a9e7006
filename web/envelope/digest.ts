// SHA-256 of something whose size is known and that comes in pieces. WebCrypto hashes ten times faster
// than script can, but only what is whole in memory: so a part is gathered up to a bound that our limit
// of a file stays under, and what is larger, or finds no memory, is hashed by script as it comes.

import type { Bytes } from './bytes';
import { sha256 } from './kdf';
import { Sha256 } from './sha256';

const GATHERED_BYTES_MAX = 64 * 1024 * 1024;

function room(size: number): Bytes | null {
  if (size > GATHERED_BYTES_MAX) return null;
  try {
    return new Uint8Array(size);
  } catch {
    return null; // an old telephone
  }
}

export class Digest {
  private readonly gathered: Bytes | null;
  private readonly streamed = new Sha256();
  private done = 0;

  /** `size` bytes will come, not more. */
  constructor(size: number) {
    this.gathered = room(size);
  }

  add(bytes: Uint8Array): void {
    if (this.gathered) this.gathered.set(bytes, this.done); // a RangeError beyond the size
    else this.streamed.add(bytes);
    this.done += bytes.length;
  }

  /** Once, at the end. */
  async finish(): Promise<Bytes> {
    return this.gathered ? sha256(this.gathered.subarray(0, this.done)) : this.streamed.finish();
  }
}
