// What must be filled in before a message can be sent, and what is worth a second look.

import { utf8 } from '../../envelope/bytes';
import { LIMITS } from '../../protocol/protocol';
import type { Policy } from '../policy';
import { isPasswordAllowed } from './passwords';
import { type Writing, isStrongMethod } from './writing';

export type Missing = 'noRecipient' | 'badRecipient' | 'tooMany' | 'noSubject' | 'longSubject' | 'noBody' | 'longBody' | 'noPassword' | 'shortPassword';

export interface Faults {
  recipients?: Missing | undefined;
  subject?: Missing | undefined;
  body?: Missing | undefined;
  /** By address; '' is the one for everybody. */
  passwords: Map<string, Missing>;
}

function recipientsFault(writing: Writing, policy: Policy): Missing | undefined {
  if (writing.typed.trim()) return 'badRecipient';
  if (writing.recipients.length === 0) return 'noRecipient';
  return writing.recipients.length > policy.recipientsMax ? 'tooMany' : undefined;
}

function subjectFault({ subject }: Writing): Missing | undefined {
  if (!subject.trim()) return 'noSubject';
  return utf8(subject).length > LIMITS.SUBJECT_BYTES_MAX ? 'longSubject' : undefined;
}

function bodyFault({ body, fileNames }: Writing): Missing | undefined {
  if (!body.trim() && fileNames.length === 0) return 'noBody';
  return utf8(body).length > LIMITS.BODY_BYTES_MAX ? 'longBody' : undefined;
}

function passwordFault(password: string): Missing | null {
  if (!password) return 'noPassword';
  return isPasswordAllowed(password) ? null : 'shortPassword';
}

function passwordFaults(writing: Writing): Map<string, Missing> {
  const faults = new Map<string, Missing>();
  const all = writing.hasOwnChecks ? writing.recipients : [{ address: '', method: writing.method, password: writing.password }];
  for (const { address, method, password } of all) {
    const fault = isStrongMethod(method) ? passwordFault(password) : null;
    if (fault) faults.set(address, fault);
  }
  return faults;
}

export function faultsOf(writing: Writing, policy: Policy): Faults {
  return {
    recipients: recipientsFault(writing, policy),
    subject: subjectFault(writing),
    body: bodyFault(writing),
    passwords: passwordFaults(writing),
  };
}

export function isFaulty(faults: Faults): boolean {
  return Boolean(faults.recipients || faults.subject || faults.body || faults.passwords.size);
}
