// Bytes and their spellings. Decoders are strict: one spelling per value, as in lib/base/encode.h.

export type Bytes = Uint8Array<ArrayBuffer>;

/** What does not open, does not have its form, or is not genuine. */
export class Tampered extends Error {
  override name = 'Tampered';
}

/** A view of the same bytes that WebCrypto's types accept; copies only out of shared memory. */
export function owned(bytes: Uint8Array): Bytes {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Bytes) : new Uint8Array(bytes);
}

export function concat(...parts: Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** `size` bytes, big-endian; value at most 2^53. */
export function bigEndian(value: number, size: number): Bytes {
  const out = new Uint8Array(size);
  for (let i = size - 1, left = value; i >= 0; i--, left = Math.floor(left / 256)) out[i] = left % 256;
  return out;
}

const encoder = new TextEncoder();
export function utf8(text: string): Bytes {
  return owned(encoder.encode(text));
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
export function fromUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new Tampered('not UTF-8');
  }
}

export function random(size: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(size));
}

/** Looks at every byte, wherever the first difference is. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function fromHex(text: string): Bytes {
  if (text.length % 2 || !/^[0-9a-f]*$/.test(text)) throw new Tampered('not hexadecimal');
  const out = new Uint8Array(text.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return out;
}

const PIECE = 0x8000;
export function toBase64url(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += PIECE) text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** Refuses padding, other letters and stray bits. */
export function fromBase64url(text: string): Bytes {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) throw new Tampered('not base64url');
  const raw = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const out = Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
  if (toBase64url(out) !== text) throw new Tampered('not base64url');
  return out;
}
