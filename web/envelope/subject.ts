// The subject sealed by itself, for the sender's list: lib/envelope/subject.h on wrap.h's form.

import { Aead, NONCE_BYTES } from './aead';
import { type Bytes, Tampered, concat, fromHex, fromUtf8, owned, random, utf8 } from './bytes';
import { hkdfSha256 } from './kdf';
import { isLine } from './text';

const WRAP_VERSION = 1;
const LABEL = 'securemail/1 subject';
const SUBJECT_BYTES_MAX = 998;

export interface SubjectPlace {
  organisation: string;
  message: string;
}

export function subjectKeyOf(messageKey: Uint8Array): Promise<Bytes> {
  return hkdfSha256(new Uint8Array(0), messageKey, LABEL);
}

function aadOf(place: SubjectPlace): Bytes {
  return concat(Uint8Array.of(WRAP_VERSION), utf8(LABEL), fromHex(place.organisation), fromHex(place.message));
}

export function isSubject(text: string): boolean {
  return isLine(text) && utf8(text).length <= SUBJECT_BYTES_MAX;
}

export async function sealSubject(subjectKey: Uint8Array, place: SubjectPlace, subject: string): Promise<Bytes> {
  if (!isSubject(subject)) throw new RangeError('not a subject');
  const nonce = random(NONCE_BYTES);
  const sealed = await (await Aead.of(subjectKey)).seal(nonce, aadOf(place), utf8(subject));
  return concat(Uint8Array.of(WRAP_VERSION), nonce, sealed);
}

/** Throws Tampered, also when what was sealed is no subject. */
export async function openSubject(subjectKey: Uint8Array, place: SubjectPlace, sealed: Uint8Array): Promise<string> {
  if (sealed[0] !== WRAP_VERSION) throw new Tampered('not a sealed subject');
  const nonce = owned(sealed).slice(1, 1 + NONCE_BYTES);
  const text = fromUtf8(await (await Aead.of(subjectKey)).open(nonce, aadOf(place), sealed.subarray(1 + NONCE_BYTES)));
  if (!isSubject(text)) throw new Tampered('not a subject');
  return text;
}
