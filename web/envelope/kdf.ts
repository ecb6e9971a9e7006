// Hashes and key derivation on WebCrypto (lib/envelope/kdf.h). WebCrypto's HKDF always extracts
// first; the chunked format only expands, so that half stands on HMAC here.

import { type Bytes, concat, owned, utf8 } from './bytes';

export async function sha256(bytes: Uint8Array): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', owned(bytes)));
}

/** HKDF-Expand with SHA-512 (RFC 5869 2.3). */
export async function expandSha512(key: Uint8Array, info: Uint8Array, size: number): Promise<Bytes> {
  const hmac = await crypto.subtle.importKey('raw', owned(key), { name: 'HMAC', hash: 'SHA-512' }, false, ['sign']);
  let block: Bytes = new Uint8Array(0);
  const out = new Uint8Array(size);
  for (let at = 0, number = 1; at < size; at += block.length, number++) {
    block = new Uint8Array(await crypto.subtle.sign('HMAC', hmac, concat(block, info, Uint8Array.of(number))));
    out.set(block.subarray(0, size - at), at);
  }
  return out;
}

/** HKDF with SHA-256, 32 bytes. */
export async function hkdfSha256(salt: Uint8Array, secret: Uint8Array, info: string): Promise<Bytes> {
  const key = await crypto.subtle.importKey('raw', owned(secret), 'HKDF', false, ['deriveBits']);
  const how = { name: 'HKDF', hash: 'SHA-256', salt: owned(salt), info: utf8(info) };
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, 256));
}
