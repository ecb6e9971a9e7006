// What nobody may find but those it is for: planted content, what proves a recipient, and the keys, as forms to look
// for (canary.mjs).

import { formOfNumber, formsOf } from './canary.mjs';
import { keyEncryptionKey, masterKey, messageKeys, organisationKey } from './vault.mjs';

export const PLANTED = {
  subject: 'canary-subject-7f3a91c2e5',
  body: 'canary-body-b84d02f6a1',
  attachment: 'canary-attachment-0c9e5d7713',
  password: 'canary-password-5512ddca07',
};

const formsOfAll = (values) => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, formsOf(value)]));

// By name. link and code: of messages of this world, as they were mailed; the keys: of all messages that live now.
export function secretsOf(world, { link, code }) {
  return {
    ...formsOfAll(PLANTED),
    ...formsOfAll({
      'link secret': Buffer.from(link.split('#')[1].split('.')[2], 'base64url'),
      'master key': masterKey(world),
      'key-encryption key': keyEncryptionKey(world),
      'organisation key': organisationKey(world),
    }),
    'message key': messageKeys(world).flatMap(formsOf),
    code: [formOfNumber(code)],
  };
}
