// What a message's header part holds, and the rules that its table cannot say: lib/envelope/manifest.h.

import { BadValue, decode, encode } from '../protocol/codec';
import { type ManifestAttachment, type ManifestFields, LIMITS, manifest_fields } from '../protocol/protocol';
import { type Place, ciphertextSize, contextOf, open, seal } from './chunked';
import { type Bytes, Tampered, equal, utf8 } from './bytes';
import { isLine } from './text';

export type Manifest = ManifestFields;
export type Attachment = ManifestAttachment;

const VERSION = 1;
export const BODY_TYPE = 'text/plain';
const MEDIA_TYPE = /^[A-Za-z0-9!#$%&'*+.^_`{|}~-]+\/[A-Za-z0-9!#$%&'*+.^_`{|}~-]+$/;

export function isFileName(name: string): boolean {
  const size = utf8(name).length;
  return size >= 1 && size <= LIMITS.FILE_NAME_BYTES_MAX && isLine(name) && !/[/\\]/.test(name) && name !== '.' && name !== '..';
}

export function isMediaType(text: string): boolean {
  return MEDIA_TYPE.test(text) && text.length <= LIMITS.MEDIA_TYPE_BYTES_MAX;
}

function isValid(attachment: Attachment, index: number): boolean {
  return (
    attachment.part === index + 1 &&
    isFileName(attachment.name) &&
    isMediaType(attachment.media_type) &&
    attachment.ciphertext_size === ciphertextSize(attachment.size)
  );
}

function obeysRules(manifest: Manifest): boolean {
  return manifest.body_type === BODY_TYPE && manifest.attachments.every(isValid);
}

export function makeManifest(content: { subject: string; body: string; attachments: Attachment[] }): Manifest {
  return { version: VERSION, ...content, body_type: BODY_TYPE };
}

/** Throws BadValue for what the rules forbid. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const bytes = encode(manifest_fields, manifest);
  if (!obeysRules(manifest)) throw new BadValue('manifest');
  return bytes;
}

export function decodeManifest(bytes: Uint8Array): Manifest {
  const manifest = bytes.length <= LIMITS.HEADER_PART_BYTES_MAX ? decode(manifest_fields, bytes) : null;
  if (!manifest || !obeysRules(manifest)) throw new Tampered('the manifest does not obey its rules');
  return manifest;
}

/** Throws Tampered unless what was downloaded is the attachment that the manifest lists. */
export function checkAttachment(
  listed: Attachment,
  found: { ciphertext_size: number; commitment: Uint8Array | null; sha256: Uint8Array },
): void {
  const isSame =
    found.ciphertext_size === listed.ciphertext_size &&
    found.commitment !== null &&
    equal(found.commitment, listed.commitment) &&
    equal(found.sha256, listed.sha256);
  if (!isSame) throw new Tampered('this is not the attachment that was sent');
}

// --- part 0, sealed ---

export async function sealHeaderPart(key: Uint8Array, place: Place, manifest: Manifest): Promise<Bytes> {
  return seal(key, contextOf({ ...place, part: 0 }), encodeManifest(manifest));
}

export async function openHeaderPart(key: Uint8Array, place: Place, ciphertext: Uint8Array): Promise<Manifest> {
  return decodeManifest(await open(key, contextOf({ ...place, part: 0 }), ciphertext));
}
