// HPKE (RFC 9180), base mode, one suite: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, by
// @hpke/core. Public keys are checked here first: 65 bytes, uncompressed; WebCrypto refuses points
// that are not on the curve.

import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256, type RecipientContext, type SenderContext } from '@hpke/core';

import { Tampered, owned } from './bytes';

export const PUBLIC_KEY_BYTES = 65;

export const kem = new DhkemP256HkdfSha256();
const suite = new CipherSuite({ kem, kdf: new HkdfSha256(), aead: new Aes256Gcm() });

/** Throws Tampered unless it is a valid uncompressed point of P-256. */
export async function publicKey(point: Uint8Array): Promise<CryptoKey> {
  if (point.length !== PUBLIC_KEY_BYTES || point[0] !== 4) throw new Tampered('not a public key');
  try {
    return await kem.deserializePublicKey(owned(point).slice().buffer);
  } catch {
    throw new Tampered('not a public key');
  }
}

export async function send(receiver: Uint8Array, info: Uint8Array): Promise<SenderContext> {
  return suite.createSenderContext({ recipientPublicKey: await publicKey(receiver), info: owned(info) });
}

/** The other end: only tests have a private key. */
export async function receive(key: CryptoKey, enc: Uint8Array, info: Uint8Array): Promise<RecipientContext> {
  await publicKey(enc);
  return suite.createRecipientContext({ recipientKey: key, enc: owned(enc), info: owned(info) });
}
