// Crypto's identity key, its pin, and the HPKE keys that it signs: lib/envelope/identity.h.

import { type Bytes, Tampered, bigEndian, concat, equal, owned, utf8 } from './bytes';
import { publicKey } from './hpke';
import { sha256 } from './kdf';
import { keyId } from './sealed';

export const PIN_BYTES = 16;
const P256 = { name: 'ECDSA', namedCurve: 'P-256' };

export interface IdentityStatement {
  kid: Uint8Array;
  hpke_public: Uint8Array;
  not_before_ms: number;
  not_after_ms: number;
  signature: Uint8Array;
}

export async function identityPin(identityPublic: Uint8Array): Promise<Bytes> {
  return (await sha256(concat(utf8('securemail/1 identity'), identityPublic))).slice(0, PIN_BYTES);
}

function signedText(statement: IdentityStatement): Bytes {
  return concat(
    utf8('securemail/1 hpke key'),
    statement.kid,
    statement.hpke_public,
    bigEndian(statement.not_before_ms, 8),
    bigEndian(statement.not_after_ms, 8),
  );
}

async function isSigned(identityPublic: Uint8Array, statement: IdentityStatement): Promise<boolean> {
  await publicKey(identityPublic);
  const key = await crypto.subtle.importKey('raw', owned(identityPublic), P256, false, ['verify']);
  const how = { name: 'ECDSA', hash: 'SHA-256' };
  return crypto.subtle.verify(how, key, owned(statement.signature), signedText(statement));
}

/** Throws Tampered unless signature, key id, period and point are right. */
export async function verifyIdentity(identityPublic: Uint8Array, statement: IdentityStatement): Promise<void> {
  const isRight =
    statement.not_before_ms < statement.not_after_ms &&
    equal(statement.kid, await keyId(statement.hpke_public)) &&
    (await isSigned(identityPublic, statement));
  if (!isRight) throw new Tampered('the key is not signed by its identity');
  await publicKey(statement.hpke_public);
}
