// The sealed request and its reply: the client's end of lib/envelope/sealed.h, where the form stands.

import { Aead, NONCE_BYTES, noAad } from './aead';
import { type Bytes, Tampered, bigEndian, concat, owned, utf8 } from './bytes';
import { send } from './hpke';
import { hkdfSha256, sha256 } from './kdf';

const VERSION = 1;
export const KEY_ID_BYTES = 8;
const EXPORTER_BYTES = 32;
const REPLY_OVERHEAD = NONCE_BYTES + 16;
const AAD_BYTES_MAX = 1024;

/** Names an HPKE key: the first bytes of the hash of its public key. Proves nothing. */
export async function keyId(publicKey: Uint8Array): Promise<Bytes> {
  return (await sha256(publicKey)).slice(0, KEY_ID_BYTES);
}

export interface Sealed {
  frame: Bytes;
  /** Opens the reply to this request and to no other. */
  exchange: Exchange;
}

export class Exchange {
  constructor(
    private readonly enc: Uint8Array,
    private readonly exporter: Uint8Array,
  ) {}

  /** The reply's plaintext, or Tampered. */
  async open(frame: Uint8Array): Promise<Bytes> {
    if (frame.length < REPLY_OVERHEAD) throw new Tampered('too short');
    const nonce = owned(frame).slice(0, NONCE_BYTES);
    const key = await hkdfSha256(concat(this.enc, nonce), this.exporter, 'securemail/1 reply key');
    return (await Aead.of(key)).open(nonce, noAad, frame.subarray(NONCE_BYTES));
  }
}

/** Seals for the server's HPKE key, whose signature was checked (identity.ts). */
export async function sealRequest(
  serverPublic: Uint8Array,
  request: { operation: string; aad: Uint8Array; plaintext: Uint8Array },
): Promise<Sealed> {
  if (request.aad.length > AAD_BYTES_MAX) throw new RangeError('the aad is too large');
  const head = concat(
    Uint8Array.of(VERSION),
    await keyId(serverPublic),
    bigEndian(request.aad.length, 2),
    request.aad,
  );
  const context = await send(serverPublic, utf8(`securemail/1 ${request.operation}`));
  const enc = new Uint8Array(context.enc);
  const ciphertext = new Uint8Array(await context.seal(owned(request.plaintext), head));
  const exporter = new Uint8Array(await context.export(utf8('securemail/1 reply'), EXPORTER_BYTES));
  return { frame: concat(head, enc, ciphertext), exchange: new Exchange(enc, exporter) };
}
