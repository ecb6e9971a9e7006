// What the gateway tells a signed-in user about his messages: services/gateway/sent.c, whose tables
// these are. Subjects come sealed; office.ts opens them.

import type { Fields } from '../protocol/fields';
import { type Id, LIMITS } from '../protocol/protocol';

export interface MessageRow {
  message: Id;
  direction: 'message' | 'reply';
  parent: Id;
  link: Id;
  name: string;
  address: string;
  created_ms: number;
  expires_ms: number;
  status: string;
  recipients: number;
  opened: number;
  replies: number;
  parts: number;
  subject_sealed: Uint8Array;
}

export interface RecipientRow {
  link: Id;
  address: string;
  name: string;
  method: number;
  status: string;
  delivered_ms: number;
  /** The page of the link was first shown, to a person or to a mail scanner. */
  shown_ms: number;
  opened_ms: number;
  replied_ms: number;
  locked_until_ms: number;
  is_frozen: boolean;
  expires_ms: number;
}

export interface MessagePage {
  messages: MessageRow[];
  /** Cursor of the next page; '' when that was all. */
  next: string;
  now_ms: number;
}

export interface MessageDetail {
  message: MessageRow;
  recipients: RecipientRow[];
  replies: MessageRow[];
  now_ms: number;
}

const MOST = Number.MAX_SAFE_INTEGER;
const number = (name: string) => ({ name, kind: 'u64', min: 0, max: MOST }) as const;
const line = (name: string) => ({ name, kind: 'line', min: 0, max: MOST }) as const;
const id = (name: string, min: 0 | 1) => ({ name, kind: 'id', min, max: 16 }) as const;

const message_row: Fields<MessageRow> = {
  name: 'message_row',
  at: [
    id('message', 1),
    line('direction'),
    id('parent', 0),
    id('link', 0),
    line('name'),
    line('address'),
    number('created_ms'),
    number('expires_ms'),
    line('status'),
    number('recipients'),
    number('opened'),
    number('replies'),
    number('parts'),
    { name: 'subject_sealed', kind: 'bytes', min: 0, max: LIMITS.SUBJECT_SEALED_BYTES_MAX },
  ],
};

const recipient_row: Fields<RecipientRow> = {
  name: 'recipient_row',
  at: [
    id('link', 1),
    line('address'),
    line('name'),
    number('method'),
    line('status'),
    number('delivered_ms'),
    number('shown_ms'),
    number('opened_ms'),
    number('replied_ms'),
    number('locked_until_ms'),
    { name: 'is_frozen', kind: 'bool', min: 0, max: 0 },
    number('expires_ms'),
  ],
};

export const list_answer: Fields<MessagePage> = {
  name: 'list_answer',
  at: [
    { name: 'messages', kind: 'list', min: 0, max: LIMITS.PAGE_ROWS_MAX, item: message_row },
    line('next'),
    number('now_ms'),
  ],
};

export const detail_answer: Fields<MessageDetail> = {
  name: 'detail_answer',
  at: [
    { name: 'message', kind: 'map', min: 0, max: 0, item: message_row },
    { name: 'recipients', kind: 'list', min: 0, max: LIMITS.RECIPIENTS_MAX, item: recipient_row },
    { name: 'replies', kind: 'list', min: 0, max: LIMITS.PAGE_ROWS_MAX, item: message_row },
    number('now_ms'),
  ],
};
