// Printed from proto/ and lib/envelope/ by `make docs`; do not edit.

import type { Fields } from './fields';

/** 32 hexadecimal digits; '' where a table allows none. */
export type Id = string;

export const LIMITS = {
  ATTACHMENT_BYTES_MAX: 50000000,
  ATTACHMENTS_MAX: 100,
  PARTS_MAX: 101,
  RECIPIENTS_MAX: 50,
  SUBJECT_BYTES_MAX: 998,
  BODY_BYTES_MAX: 1048576,
  HEADER_PART_BYTES_MAX: 1179648,
  FILE_NAME_BYTES_MAX: 255,
  MEDIA_TYPE_BYTES_MAX: 127,
  PERSON_NAME_BYTES_MAX: 120,
  ORGANISATION_NAME_BYTES_MAX: 120,
  ADDRESS_BYTES_LIMIT: 254,
  SUBJECT_SEALED_BYTES_MAX: 1062,
  PASSWORD_BYTES_MIN: 8,
  PASSWORD_BYTES_MAX: 256,
  CODE_DIGITS: 6,
  CODE_LIFETIME_S: 600,
  CODE_RESEND_AFTER_S: 60,
  FAILURES_BEFORE_LOCK: 5,
  LOCK_S: 900,
  FAILURES_BEFORE_FREEZE: 20,
  VERIFIED_SESSION_S: 1800,
  USER_SESSION_S: 43200,
  COOKIE_S: 900,
  CAPABILITY_S: 900,
  UPLOAD_CAPABILITY_S: 86400,
  TIME_TOKEN_S: 900,
  SEALED_REQUEST_BYTES_MAX: 262144,
  SEALED_AAD_BYTES_MAX: 1024,
  HPKE_KID_BYTES: 8,
  PUBLIC_KEY_BYTES: 65,
  SIGNATURE_BYTES: 64,
  KEY_BYTES: 32,
  LINK_SECRET_BYTES: 32,
  SHA256_BYTES: 32,
  COMMITMENT_BYTES: 32,
  PAGE_ROWS_MAX: 100,
  FIELD_DEPTH_MAX: 4,
  FIELD_ELEMENTS_MAX: 20000,
} as const;

export const METHODS = {
  METHOD_PASSWORD: 1,
  METHOD_CODE: 2,
  METHOD_PASSWORD_AND_CODE: 4,
} as const;

export const ROLES = {
  ROLE_SENDER: 1,
  ROLE_ADMIN: 2,
  ROLE_AUDITOR: 4,
} as const;

export const DIRECTIONS = {
  DIRECTION_MESSAGE: 0,
  DIRECTION_REPLY: 1,
} as const;

/** Words of what can go wrong; a reply's first byte is an index of this list. */
export const ERRORS = [
  'ok',
  'no-memory',
  'too-large',
  'bad-format',
  'bad-value',
  'unknown-operation',
  'not-allowed',
  'not-signed-in',
  'not-found',
  'gone',
  'wrong-secret',
  'locked',
  'frozen',
  'tampered',
  'replayed',
  'conflict',
  'busy',
  'rate-limited',
  'timeout',
  'unavailable',
  'not-active',
  'database',
  'io',
  'disk-full',
  'config',
  'crypto',
  'not-enabled',
  'key-unknown',
] as const;
export type ErrorWord = (typeof ERRORS)[number];

export interface KeysReply {
  /** what links pin */
  identity_public: Uint8Array;
  /** id of the HPKE key */
  kid: Uint8Array;
  /** the key to seal to */
  hpke_public: Uint8Array;
  /** from when it is good */
  not_before_ms: number;
  /** until when it is good */
  not_after_ms: number;
  /** by the identity key */
  signature: Uint8Array;
  /** Ed25519, for capabilities */
  capability_public: Uint8Array;
  /** for sealed requests */
  time_token: Uint8Array;
  /** the one clock */
  now_ms: number;
}
export const keys_reply: Fields<KeysReply> = {
  name: 'keys_reply',
  at: [
    { name: 'identity_public', kind: 'bytes', min: 65, max: 65 },
    { name: 'kid', kind: 'bytes', min: 8, max: 8 },
    { name: 'hpke_public', kind: 'bytes', min: 65, max: 65 },
    { name: 'not_before_ms', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
    { name: 'not_after_ms', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
    { name: 'signature', kind: 'bytes', min: 64, max: 64 },
    { name: 'capability_public', kind: 'bytes', min: 32, max: 32 },
    { name: 'time_token', kind: 'bytes', min: 40, max: 40 },
    { name: 'now_ms', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
  ],
};

export interface SealedAad {
  /** the message whose parts must be durable, or none */
  message: Id;
  /** how many parts, the header part included */
  parts: number;
}
export const sealed_aad: Fields<SealedAad> = {
  name: 'sealed_aad',
  at: [
    { name: 'message', kind: 'id', min: 0, max: 16 },
    { name: 'parts', kind: 'u64', min: 0, max: 101 },
  ],
};

export interface Failure {
  /** attempts before the lock */
  attempts_left: number;
  /** seconds to wait, 0 when waiting does not help */
  retry_after_s: number;
  /** end of a lock, ms since 1970; 0 if none */
  until_ms: number;
  /** a sentence for people */
  reason: string;
}
export const failure: Fields<Failure> = {
  name: 'failure',
  at: [
    { name: 'attempts_left', kind: 'u64', min: 0, max: 20 },
    { name: 'retry_after_s', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
    { name: 'until_ms', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
    { name: 'reason', kind: 'line', min: 0, max: 200 },
  ],
};

export interface ManifestAttachment {
  /** 1, 2, 3 ... in order */
  part: number;
  /** of the file */
  name: string;
  /** a hint */
  media_type: string;
  /** bytes of plaintext */
  size: number;
  /** bytes */
  ciphertext_size: number;
  /** at its head */
  commitment: Uint8Array;
  /** of its ciphertext */
  sha256: Uint8Array;
}
export const manifest_attachment: Fields<ManifestAttachment> = {
  name: 'manifest_attachment',
  at: [
    { name: 'part', kind: 'u64', min: 1, max: 100 },
    { name: 'name', kind: 'line', min: 1, max: 255 },
    { name: 'media_type', kind: 'line', min: 3, max: 127 },
    { name: 'size', kind: 'u64', min: 0, max: 50000000 },
    { name: 'ciphertext_size', kind: 'u64', min: 1, max: 100000000 },
    { name: 'commitment', kind: 'bytes', min: 32, max: 32 },
    { name: 'sha256', kind: 'bytes', min: 32, max: 32 },
  ],
};

export interface ManifestFields {
  /** of this form */
  version: number;
  /** what the message is about */
  subject: string;
  /** the message */
  body: string;
  /** "text/plain" */
  body_type: string;
  /** in order */
  attachments: ManifestAttachment[];
}
export const manifest_fields: Fields<ManifestFields> = {
  name: 'manifest_fields',
  at: [
    { name: 'version', kind: 'u64', min: 1, max: 1 },
    { name: 'subject', kind: 'line', min: 0, max: 998 },
    { name: 'body', kind: 'text', min: 0, max: 1048576 },
    { name: 'body_type', kind: 'line', min: 1, max: 127 },
    { name: 'attachments', kind: 'list', min: 0, max: 100, item: manifest_attachment },
  ],
};

export interface SealedMeta {
  /** random, new for every request */
  request: Id;
  /** from crypto_keys */
  time_token: Uint8Array;
}
export const sealed_meta: Fields<SealedMeta> = {
  name: 'sealed_meta',
  at: [
    { name: 'request', kind: 'id', min: 1, max: 16 },
    { name: 'time_token', kind: 'bytes', min: 40, max: 40 },
  ],
};

export interface LoginRequest {
  /** makes replays harmless */
  meta: SealedMeta;
  /** of the account */
  email: string;
  /** of the account */
  password: string;
  /** time-based code, empty where not asked for */
  code: string;
}
export const login_request: Fields<LoginRequest> = {
  name: 'login_request',
  at: [
    { name: 'meta', kind: 'map', min: 0, max: 0, item: sealed_meta },
    { name: 'email', kind: 'line', min: 1, max: 254 },
    { name: 'password', kind: 'text', min: 1, max: 256 },
    { name: 'code', kind: 'line', min: 0, max: 16 },
  ],
};

export interface SessionProof {
  /** the session */
  session: Id;
  /** its secret */
  secret: Uint8Array;
}
export const session_proof: Fields<SessionProof> = {
  name: 'session_proof',
  at: [
    { name: 'session', kind: 'id', min: 1, max: 16 },
    { name: 'secret', kind: 'bytes', min: 32, max: 32 },
  ],
};

export interface LoginReply {
  /** for all further requests */
  session: SessionProof;
  /** the account */
  user: Id;
  /** its organisation */
  organisation: Id;
  /** as people know it */
  organisation_name: string;
  /** of the user */
  name: string;
  /** bits: 1 sender, 2 admin, 4 auditor */
  roles: number;
  /** end of the session */
  expires_ms: number;
  /** bits of the methods that policy allows */
  methods: number;
  /** that policy allows */
  lifetime_days_max: number;
}
export const login_reply: Fields<LoginReply> = {
  name: 'login_reply',
  at: [
    { name: 'session', kind: 'map', min: 0, max: 0, item: session_proof },
    { name: 'user', kind: 'id', min: 1, max: 16 },
    { name: 'organisation', kind: 'id', min: 1, max: 16 },
    { name: 'organisation_name', kind: 'line', min: 1, max: 120 },
    { name: 'name', kind: 'line', min: 1, max: 120 },
    { name: 'roles', kind: 'u64', min: 1, max: 7 },
    { name: 'expires_ms', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
    { name: 'methods', kind: 'u64', min: 0, max: 7 },
    { name: 'lifetime_days_max', kind: 'u64', min: 1, max: 30 },
  ],
};

export interface SessionRequest {
  /** makes replays harmless */
  meta: SealedMeta;
  /** who asks */
  session: SessionProof;
}
export const session_request: Fields<SessionRequest> = {
  name: 'session_request',
  at: [
    { name: 'meta', kind: 'map', min: 0, max: 0, item: sealed_meta },
    { name: 'session', kind: 'map', min: 0, max: 0, item: session_proof },
  ],
};

export interface ExpiresReply {
  /** end of the session */
  expires_ms: number;
}
export const expires_reply: Fields<ExpiresReply> = {
  name: 'expires_reply',
  at: [
    { name: 'expires_ms', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
  ],
};

export interface EmptyReply {}
export const empty_reply: Fields<EmptyReply> = {
  name: 'empty_reply',
  at: [
  ],
};

export interface ComposeRequest {
  /** makes replays harmless */
  meta: SealedMeta;
  /** who asks */
  session: SessionProof;
  /** new, random */
  message: Id;
}
export const compose_request: Fields<ComposeRequest> = {
  name: 'compose_request',
  at: [
    { name: 'meta', kind: 'map', min: 0, max: 0, item: sealed_meta },
    { name: 'session', kind: 'map', min: 0, max: 0, item: session_proof },
    { name: 'message', kind: 'id', min: 1, max: 16 },
  ],
};

export interface AccessReply {
  /** for the gateway */
  capability: string;
  /** end of the capability */
  expires_ms: number;
  /** plaintext of one file */
  attachment_bytes_max: number;
  /** of one message, header part included */
  parts_max: number;
}
export const access_reply: Fields<AccessReply> = {
  name: 'access_reply',
  at: [
    { name: 'capability', kind: 'line', min: 1, max: 512 },
    { name: 'expires_ms', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
    { name: 'attachment_bytes_max', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
    { name: 'parts_max', kind: 'u64', min: 0, max: 101 },
  ],
};

export interface Recipient {
  /** mail address */
  address: string;
  /** as the sender wrote it */
  name: string;
  /** 1 password, 2 code, 4 both */
  method: number;
  /** empty for the code method */
  password: string;
}
export const recipient: Fields<Recipient> = {
  name: 'recipient',
  at: [
    { name: 'address', kind: 'line', min: 3, max: 254 },
    { name: 'name', kind: 'line', min: 0, max: 120 },
    { name: 'method', kind: 'u64', min: 1, max: 7 },
    { name: 'password', kind: 'text', min: 0, max: 256 },
  ],
};

export interface PartFacts {
  /** 0 is the header part */
  number: number;
  /** bytes */
  ciphertext_size: number;
  /** of the chunked ciphertext */
  commitment: Uint8Array;
}
export const part_facts: Fields<PartFacts> = {
  name: 'part_facts',
  at: [
    { name: 'number', kind: 'u64', min: 0, max: 100 },
    { name: 'ciphertext_size', kind: 'u64', min: 1, max: 100000000 },
    { name: 'commitment', kind: 'bytes', min: 32, max: 32 },
  ],
};

export interface SendRequest {
  /** makes replays harmless */
  meta: SealedMeta;
  /** who asks */
  session: SessionProof;
  /** from compose */
  message: Id;
  /** the reply that this answers, or none */
  parent: Id;
  /** the message key */
  key: Uint8Array;
  /** 1, 7 or 30 */
  lifetime_days: number;
  /** "nl" or "en" */
  language: string;
  /** the subject by itself */
  subject_sealed: Uint8Array;
  /** each gets an own link */
  recipients: Recipient[];
  /** in order from 0 */
  parts: PartFacts[];
}
export const send_request: Fields<SendRequest> = {
  name: 'send_request',
  at: [
    { name: 'meta', kind: 'map', min: 0, max: 0, item: sealed_meta },
    { name: 'session', kind: 'map', min: 0, max: 0, item: session_proof },
    { name: 'message', kind: 'id', min: 1, max: 16 },
    { name: 'parent', kind: 'id', min: 0, max: 16 },
    { name: 'key', kind: 'bytes', min: 32, max: 32 },
    { name: 'lifetime_days', kind: 'u64', min: 1, max: 30 },
    { name: 'language', kind: 'line', min: 2, max: 2 },
    { name: 'subject_sealed', kind: 'bytes', min: 1, max: 1062 },
    { name: 'recipients', kind: 'list', min: 1, max: 50, item: recipient },
    { name: 'parts', kind: 'list', min: 1, max: 101, item: part_facts },
  ],
};

export interface LinkFacts {
  /** the link */
  link: Id;
  /** whose it is */
  address: string;
}
export const link_facts: Fields<LinkFacts> = {
  name: 'link_facts',
  at: [
    { name: 'link', kind: 'id', min: 1, max: 16 },
    { name: 'address', kind: 'line', min: 3, max: 254 },
  ],
};

export interface SendReply {
  /** the message */
  message: Id;
  /** end of its links */
  expires_ms: number;
  /** one for each recipient */
  links: LinkFacts[];
}
export const send_reply: Fields<SendReply> = {
  name: 'send_reply',
  at: [
    { name: 'message', kind: 'id', min: 1, max: 16 },
    { name: 'expires_ms', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
    { name: 'links', kind: 'list', min: 0, max: 50, item: link_facts },
  ],
};

export interface MessageName {
  /** a message */
  message: Id;
}
export const message_name: Fields<MessageName> = {
  name: 'message_name',
  at: [
    { name: 'message', kind: 'id', min: 1, max: 16 },
  ],
};

export interface SubjectsRequest {
  /** makes replays harmless */
  meta: SealedMeta;
  /** who asks */
  session: SessionProof;
  /** one page of the list */
  messages: MessageName[];
}
export const subjects_request: Fields<SubjectsRequest> = {
  name: 'subjects_request',
  at: [
    { name: 'meta', kind: 'map', min: 0, max: 0, item: sealed_meta },
    { name: 'session', kind: 'map', min: 0, max: 0, item: session_proof },
    { name: 'messages', kind: 'list', min: 1, max: 100, item: message_name },
  ],
};

export interface SubjectKey {
  /** a message */
  message: Id;
  /** the message key */
  key: Uint8Array;
}
export const subject_key: Fields<SubjectKey> = {
  name: 'subject_key',
  at: [
    { name: 'message', kind: 'id', min: 1, max: 16 },
    { name: 'key', kind: 'bytes', min: 32, max: 32 },
  ],
};

export interface SubjectsReply {
  /** those that are not gone */
  subjects: SubjectKey[];
}
export const subjects_reply: Fields<SubjectsReply> = {
  name: 'subjects_reply',
  at: [
    { name: 'subjects', kind: 'list', min: 0, max: 100, item: subject_key },
  ],
};

export interface MessageRequest {
  /** makes replays harmless */
  meta: SealedMeta;
  /** who asks */
  session: SessionProof;
  /** the message */
  message: Id;
}
export const message_request: Fields<MessageRequest> = {
  name: 'message_request',
  at: [
    { name: 'meta', kind: 'map', min: 0, max: 0, item: sealed_meta },
    { name: 'session', kind: 'map', min: 0, max: 0, item: session_proof },
    { name: 'message', kind: 'id', min: 1, max: 16 },
  ],
};

export interface ContentReply {
  /** bound into every part */
  organisation: Id;
  /** bound into every part */
  message: Id;
  /** 0 message, 1 reply; bound into every part */
  direction: number;
  /** the message key */
  key: Uint8Array;
  /** for the gateway */
  capability: string;
  /** end of the capability */
  expires_ms: number;
  /** in order from 0 */
  parts: PartFacts[];
}
export const content_reply: Fields<ContentReply> = {
  name: 'content_reply',
  at: [
    { name: 'organisation', kind: 'id', min: 1, max: 16 },
    { name: 'message', kind: 'id', min: 1, max: 16 },
    { name: 'direction', kind: 'u64', min: 0, max: 1 },
    { name: 'key', kind: 'bytes', min: 32, max: 32 },
    { name: 'capability', kind: 'line', min: 1, max: 512 },
    { name: 'expires_ms', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
    { name: 'parts', kind: 'list', min: 1, max: 101, item: part_facts },
  ],
};

export interface LinkRequest {
  /** makes replays harmless */
  meta: SealedMeta;
  /** who asks */
  session: SessionProof;
  /** the message */
  message: Id;
  /** one recipient's link; none means all (revoke only) */
  link: Id;
}
export const link_request: Fields<LinkRequest> = {
  name: 'link_request',
  at: [
    { name: 'meta', kind: 'map', min: 0, max: 0, item: sealed_meta },
    { name: 'session', kind: 'map', min: 0, max: 0, item: session_proof },
    { name: 'message', kind: 'id', min: 1, max: 16 },
    { name: 'link', kind: 'id', min: 0, max: 16 },
  ],
};

export interface LinkProof {
  /** the link */
  link: Id;
  /** from the fragment */
  secret: Uint8Array;
}
export const link_proof: Fields<LinkProof> = {
  name: 'link_proof',
  at: [
    { name: 'link', kind: 'id', min: 1, max: 16 },
    { name: 'secret', kind: 'bytes', min: 32, max: 32 },
  ],
};

export interface LinkOnlyRequest {
  /** makes replays harmless */
  meta: SealedMeta;
  /** which link */
  link: LinkProof;
}
export const link_only_request: Fields<LinkOnlyRequest> = {
  name: 'link_only_request',
  at: [
    { name: 'meta', kind: 'map', min: 0, max: 0, item: sealed_meta },
    { name: 'link', kind: 'map', min: 0, max: 0, item: link_proof },
  ],
};

export interface HelloReply {
  /** who sent it */
  organisation_name: string;
  /** #rrggbb or empty */
  organisation_colour: string;
  /** who sent it */
  sender_name: string;
  /** "nl" or "en" */
  language: string;
  /** 1 password, 2 code, 4 both */
  method: number;
  /** when it was sent */
  sent_ms: number;
  /** when the link ends */
  expires_ms: number;
  /** the one clock */
  now_ms: number;
  /** before the lock */
  attempts_left: number;
  /** 0 when not locked */
  locked_until_ms: number;
  /** only the sender can unlock */
  is_frozen: boolean;
  /** a code that was mailed is still good */
  is_code_sent: boolean;
}
export const hello_reply: Fields<HelloReply> = {
  name: 'hello_reply',
  at: [
    { name: 'organisation_name', kind: 'line', min: 1, max: 120 },
    { name: 'organisation_colour', kind: 'line', min: 0, max: 7 },
    { name: 'sender_name', kind: 'line', min: 1, max: 120 },
    { name: 'language', kind: 'line', min: 2, max: 2 },
    { name: 'method', kind: 'u64', min: 1, max: 7 },
    { name: 'sent_ms', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
    { name: 'expires_ms', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
    { name: 'now_ms', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
    { name: 'attempts_left', kind: 'u64', min: 0, max: 20 },
    { name: 'locked_until_ms', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
    { name: 'is_frozen', kind: 'bool', min: 0, max: 0 },
    { name: 'is_code_sent', kind: 'bool', min: 0, max: 0 },
  ],
};

export interface SendCodeReply {
  /** end of the code */
  expires_ms: number;
  /** before another may be asked for */
  resend_after_s: number;
}
export const send_code_reply: Fields<SendCodeReply> = {
  name: 'send_code_reply',
  at: [
    { name: 'expires_ms', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
    { name: 'resend_after_s', kind: 'u64', min: 0, max: 3600 },
  ],
};

export interface VerifyRequest {
  /** makes replays harmless */
  meta: SealedMeta;
  /** which link */
  link: LinkProof;
  /** where the method asks for it */
  password: string;
  /** where the method asks for it */
  code: string;
}
export const verify_request: Fields<VerifyRequest> = {
  name: 'verify_request',
  at: [
    { name: 'meta', kind: 'map', min: 0, max: 0, item: sealed_meta },
    { name: 'link', kind: 'map', min: 0, max: 0, item: link_proof },
    { name: 'password', kind: 'text', min: 0, max: 256 },
    { name: 'code', kind: 'line', min: 0, max: 6 },
  ],
};

export interface VerifyReply {
  /** for open and reply */
  session: SessionProof;
  /** end of the session */
  expires_ms: number;
}
export const verify_reply: Fields<VerifyReply> = {
  name: 'verify_reply',
  at: [
    { name: 'session', kind: 'map', min: 0, max: 0, item: session_proof },
    { name: 'expires_ms', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
  ],
};

export interface ReplyRequest {
  /** makes replays harmless */
  meta: SealedMeta;
  /** who asks */
  session: SessionProof;
  /** new, from reply_compose */
  message: Id;
  /** the message key */
  key: Uint8Array;
  /** the subject by itself */
  subject_sealed: Uint8Array;
  /** in order from 0 */
  parts: PartFacts[];
}
export const reply_request: Fields<ReplyRequest> = {
  name: 'reply_request',
  at: [
    { name: 'meta', kind: 'map', min: 0, max: 0, item: sealed_meta },
    { name: 'session', kind: 'map', min: 0, max: 0, item: session_proof },
    { name: 'message', kind: 'id', min: 1, max: 16 },
    { name: 'key', kind: 'bytes', min: 32, max: 32 },
    { name: 'subject_sealed', kind: 'bytes', min: 1, max: 1062 },
    { name: 'parts', kind: 'list', min: 1, max: 101, item: part_facts },
  ],
};

export interface Operations {
  /** A user proves who he is; the gateway's half of the session goes out as a cookie. */
  login: { request: LoginRequest; reply: LoginReply };
  /** Gives the gateway's half a new cookie. */
  renew: { request: SessionRequest; reply: ExpiresReply };
  /** Ends the session. */
  logout: { request: SessionRequest; reply: EmptyReply };
  /** A sender gets the right to upload the parts of a new message. */
  compose: { request: ComposeRequest; reply: AccessReply };
  /** The commit of a message: key wrapped, links, mail jobs and events, all or nothing. Repeated with the same message id and content it answers the same and sends nothing twice. */
  send: { request: SendRequest; reply: SendReply };
  /** The subject keys of one page of the sender's list; one entry in the log. */
  subjects: { request: SubjectsRequest; reply: SubjectsReply };
  /** A sender opens a message of his own or a reply to it. */
  read: { request: MessageRequest; reply: ContentReply };
  /** A link, or all of a message, is dead at once. */
  revoke: { request: LinkRequest; reply: EmptyReply };
  /** Key, verifiers, addresses and ciphertext are purged; the log entries stay. */
  delete: { request: MessageRequest; reply: EmptyReply };
  /** Lifts a lock or a freeze and resets the total. */
  unlock: { request: LinkRequest; reply: EmptyReply };
  /** An administrator or auditor gets the right to query and export the log. */
  audit_access: { request: SessionRequest; reply: AccessReply };
  /** First call of a recipient's page: who sent it and how to prove who one is. */
  hello: { request: LinkOnlyRequest; reply: HelloReply };
  /** A person pressed the button: a 6-digit code is mailed. */
  send_code: { request: LinkOnlyRequest; reply: SendCodeReply };
  /** One attempt to prove who one is. */
  verify: { request: VerifyRequest; reply: VerifyReply };
  /** Releases the message key after its log entry is durable. */
  open: { request: SessionRequest; reply: ContentReply };
  /** A verified recipient gets the right to upload the parts of a reply. */
  reply_compose: { request: ComposeRequest; reply: AccessReply };
  /** The commit of a reply. */
  reply: { request: ReplyRequest; reply: ExpiresReply };
}
export type OperationName = keyof Operations;

export const OPERATIONS: {
  readonly [Name in OperationName]: {
    readonly request: Fields<Operations[Name]['request']>;
    readonly reply: Fields<Operations[Name]['reply']>;
    readonly carries_parts: boolean;
  };
} = {
  login: { request: login_request, reply: login_reply, carries_parts: false },
  renew: { request: session_request, reply: expires_reply, carries_parts: false },
  logout: { request: session_request, reply: empty_reply, carries_parts: false },
  compose: { request: compose_request, reply: access_reply, carries_parts: false },
  send: { request: send_request, reply: send_reply, carries_parts: true },
  subjects: { request: subjects_request, reply: subjects_reply, carries_parts: false },
  read: { request: message_request, reply: content_reply, carries_parts: false },
  revoke: { request: link_request, reply: empty_reply, carries_parts: false },
  delete: { request: message_request, reply: empty_reply, carries_parts: false },
  unlock: { request: link_request, reply: empty_reply, carries_parts: false },
  audit_access: { request: session_request, reply: access_reply, carries_parts: false },
  hello: { request: link_only_request, reply: hello_reply, carries_parts: false },
  send_code: { request: link_only_request, reply: send_code_reply, carries_parts: false },
  verify: { request: verify_request, reply: verify_reply, carries_parts: false },
  open: { request: session_request, reply: content_reply, carries_parts: false },
  reply_compose: { request: compose_request, reply: access_reply, carries_parts: false },
  reply: { request: reply_request, reply: expires_reply, carries_parts: true },
};
