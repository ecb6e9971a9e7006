// SHA-256 (FIPS 180-4) over bytes that come in pieces: WebCrypto only hashes what is whole in memory.

import type { Bytes } from './bytes';

const BLOCK_BYTES = 64;

// The first 32 bits of the fractional parts of the roots of the first primes.
function fraction(root: number): number {
  return ((root - Math.floor(root)) * 0x1_0000_0000) | 0;
}
function primes(count: number): number[] {
  const found: number[] = [];
  for (let each = 2; found.length < count; each++) if (found.every((prime) => each % prime)) found.push(each);
  return found;
}
const ROUND = Int32Array.from(primes(64), (prime) => fraction(Math.cbrt(prime)));
const START = Int32Array.from(primes(8), (prime) => fraction(Math.sqrt(prime)));

export class Sha256 {
  private readonly state = START.slice();
  private readonly schedule = new Int32Array(64);
  private readonly held = new Uint8Array(BLOCK_BYTES);
  private heldSize = 0;
  private size = 0;

  add(bytes: Uint8Array): void {
    this.size += bytes.length;
    let at = 0;
    if (this.heldSize) {
      at = Math.min(BLOCK_BYTES - this.heldSize, bytes.length);
      this.held.set(bytes.subarray(0, at), this.heldSize);
      this.heldSize += at;
      if (this.heldSize < BLOCK_BYTES) return;
      this.mix(this.held, 0);
    }
    for (; at + BLOCK_BYTES <= bytes.length; at += BLOCK_BYTES) this.mix(bytes, at);
    this.held.set(bytes.subarray(at));
    this.heldSize = bytes.length - at;
  }

  /** Once, at the end. */
  finish(): Bytes {
    const bits = this.size * 8;
    const padded = this.heldSize < 56 ? BLOCK_BYTES : 2 * BLOCK_BYTES;
    const tail = new Uint8Array(padded);
    tail.set(this.held.subarray(0, this.heldSize));
    tail[this.heldSize] = 0x80;
    const view = new DataView(tail.buffer);
    view.setUint32(padded - 8, Math.floor(bits / 0x1_0000_0000));
    view.setUint32(padded - 4, bits >>> 0);
    for (let at = 0; at < padded; at += BLOCK_BYTES) this.mix(tail, at);
    const out = new Uint8Array(32);
    const words = new DataView(out.buffer);
    this.state.forEach((word, i) => words.setInt32(4 * i, word));
    return out;
  }

  private expand(bytes: Uint8Array, at: number): Int32Array {
    const w = this.schedule;
    for (let i = 0, p = at; i < 16; i++, p += 4)
      w[i] = (bytes[p]! << 24) | (bytes[p + 1]! << 16) | (bytes[p + 2]! << 8) | bytes[p + 3]!;
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15]!;
      const y = w[i - 2]!;
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[i] = (w[i - 16]! + s0 + w[i - 7]! + s1) | 0;
    }
    return w;
  }

  private mix(bytes: Uint8Array, at: number): void {
    const w = this.expand(bytes, at);
    const s = this.state;
    let a = s[0]!, b = s[1]!, c = s[2]!, d = s[3]!, e = s[4]!, f = s[5]!, g = s[6]!, h = s[7]!;
    for (let i = 0; i < 64; i++) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROUND[i]! + w[i]!) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    s[0] = s[0]! + a;
    s[1] = s[1]! + b;
    s[2] = s[2]! + c;
    s[3] = s[3]! + d;
    s[4] = s[4]! + e;
    s[5] = s[5]! + f;
    s[6] = s[6]! + g;
    s[7] = s[7]! + h;
  }
}
