// AES-256-GCM with a nonce that the caller chooses: the rules of lib/envelope/aead.h.

import { type Bytes, Tampered, owned } from './bytes';

export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;
const NONE = new Uint8Array(0);

export class Aead {
  private constructor(private readonly key: CryptoKey) {}

  static async of(key: Uint8Array): Promise<Aead> {
    if (key.length !== 32) throw new RangeError('the key must have 32 bytes');
    return new Aead(await crypto.subtle.importKey('raw', owned(key), 'AES-GCM', false, ['encrypt', 'decrypt']));
  }

  async seal(nonce: Bytes, aad: Uint8Array, plaintext: Uint8Array): Promise<Bytes> {
    const how = { name: 'AES-GCM', iv: nonce, additionalData: owned(aad) };
    return new Uint8Array(await crypto.subtle.encrypt(how, this.key, owned(plaintext)));
  }

  /** Throws Tampered unless the tag is right. */
  async open(nonce: Bytes, aad: Uint8Array, ciphertext: Uint8Array): Promise<Bytes> {
    const how = { name: 'AES-GCM', iv: nonce, additionalData: owned(aad) };
    if (ciphertext.length < TAG_BYTES) throw new Tampered('too short');
    try {
      return new Uint8Array(await crypto.subtle.decrypt(how, this.key, owned(ciphertext)));
    } catch {
      throw new Tampered('does not open');
    }
  }
}

export const noAad = NONE;
