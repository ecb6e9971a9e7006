// Opens what crypto keeps wrapped, from the master key and the rows, so that a test knows the keys that it looks
// for. Written after services/crypto/place.c and keyring.c: when these change, this fails.

import { createDecipheriv, hkdfSync } from 'node:crypto';
import fs from 'node:fs';

const NONCE = 12;
const TAG = 16;
const number = (value, bytes) => {
  const out = Buffer.alloc(bytes);
  out.writeUIntBE(value, bytes - 4, 4);
  return out;
};
const part = (bytes) => Buffer.concat([number(bytes.length, 4).subarray(2), bytes]);
const bytesOf = (hex) => Buffer.from(hex.replace(/^\\x/, ''), 'hex');

function unwrap(key, { purpose, organisation = Buffer.alloc(0), object }, wrapped) {
  const version = wrapped.subarray(0, 4);
  const blob = wrapped.subarray(4);
  const aad = Buffer.concat([blob.subarray(0, 1), ...[Buffer.from('securemail/1 wrap'), Buffer.from(purpose), organisation, object].map(part), version]);
  const opener = createDecipheriv('aes-256-gcm', key, blob.subarray(1, 1 + NONCE));
  opener.setAAD(aad);
  opener.setAuthTag(blob.subarray(-TAG));
  return Buffer.concat([opener.update(blob.subarray(1 + NONCE, -TAG)), opener.final()]);
}

export const masterKey = (world) => Buffer.from(fs.readFileSync(world.stack.path('master.key'), 'utf8').trim(), 'base64');

export function keyEncryptionKey(world) {
  return Buffer.from(hkdfSync('sha256', masterKey(world), 'securemail/1 master key', 'securemail/1 key-encryption key 1', 32));
}

export function organisationKey(world) {
  const [[organisation, version, wrapped]] = world.sql('SELECT organisation, version, wrapped FROM vault.organisation_key');
  const object = Buffer.concat([bytesOf(organisation), number(Number(version), 8)]);
  return unwrap(keyEncryptionKey(world), { purpose: 'organisation key', object }, bytesOf(wrapped));
}

// The keys of all messages that are not destroyed.
export function messageKeys(world) {
  const key = organisationKey(world);
  return world.sql('SELECT message, organisation, wrapped FROM vault.message WHERE wrapped IS NOT NULL').map(([message, organisation, wrapped]) =>
    unwrap(key, { purpose: 'message key', organisation: bytesOf(organisation), object: bytesOf(message) }, bytesOf(wrapped)));
}
