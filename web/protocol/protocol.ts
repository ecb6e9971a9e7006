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
  'code-needed',
] as const;
export type ErrorWord = (typeof ERRORS)[number];

/** Words of what the log has entries of. */
export const EVENTS = [
  'log-started',
  'organisation-created',
  'account-created',
  'account-disabled',
  'password-reset',
  'role-changed',
  'policy-changed',
  'signed-in',
  'sign-in-failed',
  'signed-out',
  'sent',
  'send-refused',
  'notification-queued',
  'notification-accepted',
  'notification-bounced',
  'notification-cancelled',
  'page-shown',
  'code-sent',
  'verified',
  'verification-failed',
  'locked',
  'frozen',
  'unlocked',
  'opened',
  'download-granted',
  'replied',
  'read-by-sender',
  'subjects-read',
  'revoked',
  'deleted',
  'expired',
  'purged',
  'key-rotated',
  'log-accessed',
  'log-exported',
  'operator-call',
  'tampering-detected',
  'account-enabled',
  'account-renamed',
  'password-changed',
  'reset-issued',
  'second-factor-on',
  'second-factor-off',
  'recovery-code-used',
  'organisation-changed',
  'notification-resent',
  'read-by-recipient',
  'log-restored',
  'checkpoint-asked',
  'checkpoint-mailed',
  'personal-erased',
] as const;
export type EventWord = (typeof EVENTS)[number];

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
  /** time-based or recovery code; empty where none was asked for */
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
  /** a time-based code was asked for */
  has_totp: boolean;
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
    { name: 'has_totp', kind: 'bool', min: 0, max: 0 },
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

export interface TotpBeginReply {
  /** base32, for typing into an app */
  secret: string;
  /** otpauth URI, for a QR code */
  uri: string;
}
export const totp_begin_reply: Fields<TotpBeginReply> = {
  name: 'totp_begin_reply',
  at: [
    { name: 'secret', kind: 'line', min: 32, max: 32 },
    { name: 'uri', kind: 'line', min: 1, max: 1500 },
  ],
};

export interface TotpConfirmRequest {
  /** makes replays harmless */
  meta: SealedMeta;
  /** who asks */
  session: SessionProof;
  /** that the app shows now */
  code: string;
}
export const totp_confirm_request: Fields<TotpConfirmRequest> = {
  name: 'totp_confirm_request',
  at: [
    { name: 'meta', kind: 'map', min: 0, max: 0, item: sealed_meta },
    { name: 'session', kind: 'map', min: 0, max: 0, item: session_proof },
    { name: 'code', kind: 'line', min: 6, max: 6 },
  ],
};

export interface RecoveryCode {
  /** good once, in the place of a time-based code */
  code: string;
}
export const recovery_code: Fields<RecoveryCode> = {
  name: 'recovery_code',
  at: [
    { name: 'code', kind: 'line', min: 11, max: 11 },
  ],
};

export interface RecoveryCodesReply {
  /** shown once; the older ones are void */
  codes: RecoveryCode[];
}
export const recovery_codes_reply: Fields<RecoveryCodesReply> = {
  name: 'recovery_codes_reply',
  at: [
    { name: 'codes', kind: 'list', min: 1, max: 10, item: recovery_code },
  ],
};

export interface TotpRemoveRequest {
  /** makes replays harmless */
  meta: SealedMeta;
  /** who asks */
  session: SessionProof;
  /** of the account */
  password: string;
  /** time-based or recovery code; empty where none was asked for */
  code: string;
}
export const totp_remove_request: Fields<TotpRemoveRequest> = {
  name: 'totp_remove_request',
  at: [
    { name: 'meta', kind: 'map', min: 0, max: 0, item: sealed_meta },
    { name: 'session', kind: 'map', min: 0, max: 0, item: session_proof },
    { name: 'password', kind: 'text', min: 1, max: 256 },
    { name: 'code', kind: 'line', min: 1, max: 16 },
  ],
};

export interface PasswordChangeRequest {
  /** makes replays harmless */
  meta: SealedMeta;
  /** who asks */
  session: SessionProof;
  /** the one that is good now */
  old_password: string;
  /** the new one */
  new_password: string;
}
export const password_change_request: Fields<PasswordChangeRequest> = {
  name: 'password_change_request',
  at: [
    { name: 'meta', kind: 'map', min: 0, max: 0, item: sealed_meta },
    { name: 'session', kind: 'map', min: 0, max: 0, item: session_proof },
    { name: 'old_password', kind: 'text', min: 1, max: 256 },
    { name: 'new_password', kind: 'text', min: 8, max: 256 },
  ],
};

export interface PasswordResetRequest {
  /** makes replays harmless */
  meta: SealedMeta;
  /** from the fragment of the link */
  reset: Id;
  /** from the fragment of the link */
  secret: Uint8Array;
  /** the new one */
  password: string;
}
export const password_reset_request: Fields<PasswordResetRequest> = {
  name: 'password_reset_request',
  at: [
    { name: 'meta', kind: 'map', min: 0, max: 0, item: sealed_meta },
    { name: 'reset', kind: 'id', min: 1, max: 16 },
    { name: 'secret', kind: 'bytes', min: 32, max: 32 },
    { name: 'password', kind: 'text', min: 8, max: 256 },
  ],
};

export interface PasswordResetReply {
  /** to sign in with */
  email: string;
}
export const password_reset_reply: Fields<PasswordResetReply> = {
  name: 'password_reset_reply',
  at: [
    { name: 'email', kind: 'line', min: 3, max: 254 },
  ],
};

export interface ResetIssueRequest {
  /** makes replays harmless */
  meta: SealedMeta;
  /** who asks */
  session: SessionProof;
  /** of the administrator's organisation */
  user: Id;
  /** the link goes to the user by mail too */
  is_mailed: boolean;
}
export const reset_issue_request: Fields<ResetIssueRequest> = {
  name: 'reset_issue_request',
  at: [
    { name: 'meta', kind: 'map', min: 0, max: 0, item: sealed_meta },
    { name: 'session', kind: 'map', min: 0, max: 0, item: session_proof },
    { name: 'user', kind: 'id', min: 1, max: 16 },
    { name: 'is_mailed', kind: 'bool', min: 0, max: 0 },
  ],
};

export interface ResetIssueReply {
  /** to set a password with, once, within 24 hours */
  link: string;
  /** end of the link */
  expires_ms: number;
}
export const reset_issue_reply: Fields<ResetIssueReply> = {
  name: 'reset_issue_reply',
  at: [
    { name: 'link', kind: 'line', min: 1, max: 512 },
    { name: 'expires_ms', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
  ],
};

export interface UsersRequest {
  /** makes replays harmless */
  meta: SealedMeta;
  /** who asks */
  session: SessionProof;
  /** last address of the page before; empty: the first page */
  after: string;
}
export const users_request: Fields<UsersRequest> = {
  name: 'users_request',
  at: [
    { name: 'meta', kind: 'map', min: 0, max: 0, item: sealed_meta },
    { name: 'session', kind: 'map', min: 0, max: 0, item: session_proof },
    { name: 'after', kind: 'line', min: 0, max: 254 },
  ],
};

export interface UserItem {
  /** the account */
  user: Id;
  /** signs in with it */
  email: string;
  /** recipients see it */
  name: string;
  /** bits: 1 sender, 2 admin, 4 auditor */
  roles: number;
  /** cannot sign in */
  is_disabled: boolean;
  /** signs in with a time-based code too */
  has_totp: boolean;
  /** the row was edited behind the system's back: closed */
  is_altered: boolean;
  /** too many wrong attempts; 0: not locked */
  locked_until_ms: number;
  /** 0: never */
  last_sign_in_ms: number;
}
export const user_item: Fields<UserItem> = {
  name: 'user_item',
  at: [
    { name: 'user', kind: 'id', min: 1, max: 16 },
    { name: 'email', kind: 'line', min: 3, max: 254 },
    { name: 'name', kind: 'line', min: 0, max: 120 },
    { name: 'roles', kind: 'u64', min: 0, max: 7 },
    { name: 'is_disabled', kind: 'bool', min: 0, max: 0 },
    { name: 'has_totp', kind: 'bool', min: 0, max: 0 },
    { name: 'is_altered', kind: 'bool', min: 0, max: 0 },
    { name: 'locked_until_ms', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
    { name: 'last_sign_in_ms', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
  ],
};

export interface UsersReply {
  /** by address; a full page may have a next one */
  users: UserItem[];
}
export const users_reply: Fields<UsersReply> = {
  name: 'users_reply',
  at: [
    { name: 'users', kind: 'list', min: 0, max: 100, item: user_item },
  ],
};

export interface UserAddRequest {
  /** makes replays harmless */
  meta: SealedMeta;
  /** who asks */
  session: SessionProof;
  /** of the new account */
  email: string;
  /** recipients see it */
  name: string;
  /** bits: 1 sender, 2 admin, 4 auditor */
  roles: number;
  /** empty: the user sets one with a link */
  password: string;
  /** the link goes to the user by mail too */
  is_mailed: boolean;
}
export const user_add_request: Fields<UserAddRequest> = {
  name: 'user_add_request',
  at: [
    { name: 'meta', kind: 'map', min: 0, max: 0, item: sealed_meta },
    { name: 'session', kind: 'map', min: 0, max: 0, item: session_proof },
    { name: 'email', kind: 'line', min: 3, max: 254 },
    { name: 'name', kind: 'line', min: 1, max: 120 },
    { name: 'roles', kind: 'u64', min: 1, max: 7 },
    { name: 'password', kind: 'text', min: 0, max: 256 },
    { name: 'is_mailed', kind: 'bool', min: 0, max: 0 },
  ],
};

export interface UserMadeReply {
  /** the new one */
  user: Id;
  /** to set a password with, once, within 24 hours */
  link: string;
  /** end of the link; 0: there is none */
  expires_ms: number;
}
export const user_made_reply: Fields<UserMadeReply> = {
  name: 'user_made_reply',
  at: [
    { name: 'user', kind: 'id', min: 1, max: 16 },
    { name: 'link', kind: 'line', min: 0, max: 512 },
    { name: 'expires_ms', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
  ],
};

export interface UserChangeRequest {
  /** makes replays harmless */
  meta: SealedMeta;
  /** who asks */
  session: SessionProof;
  /** of the administrator's organisation */
  user: Id;
  /** recipients see it */
  name: string;
  /** bits: 1 sender, 2 admin, 4 auditor */
  roles: number;
  /** cannot sign in; sessions end */
  is_disabled: boolean;
  /** for somebody who lost the app and the recovery codes */
  removes_totp: boolean;
}
export const user_change_request: Fields<UserChangeRequest> = {
  name: 'user_change_request',
  at: [
    { name: 'meta', kind: 'map', min: 0, max: 0, item: sealed_meta },
    { name: 'session', kind: 'map', min: 0, max: 0, item: session_proof },
    { name: 'user', kind: 'id', min: 1, max: 16 },
    { name: 'name', kind: 'line', min: 1, max: 120 },
    { name: 'roles', kind: 'u64', min: 1, max: 7 },
    { name: 'is_disabled', kind: 'bool', min: 0, max: 0 },
    { name: 'removes_totp', kind: 'bool', min: 0, max: 0 },
  ],
};

export interface OrganisationReply {
  /** whose */
  organisation: Id;
  /** as people know it */
  name: string;
  /** #rrggbb or empty */
  colour: string;
  /** "nl" or "en" */
  language: string;
  /** of notifications; empty: name */
  from_name: string;
  /** of notifications; empty: the notifier's */
  from_address: string;
  /** whom to ask when a message is gone; may be empty */
  contact: string;
  /** PNG or JPEG, or empty */
  logo: Uint8Array;
  /** bits that are set: 1 password, 2 code, 4 both */
  methods: number;
  /** weaker ones are hidden; 0: none is */
  method_floor: number;
  /** bits of what senders may choose: set and not below the floor */
  methods_allowed: number;
  /** bits of what senders may choose: 1 a day, 2 a week, 4 thirty days */
  lifetimes: number;
  /** preset; 0: none */
  default_method: number;
  /** preset: 1, 7 or 30; 0: none */
  default_lifetime_days: number;
  /** of one message */
  recipients_max: number;
  /** of one message */
  attachments_max: number;
  /** ciphertext of all live messages */
  total_bytes_max: number;
  /** of that in use */
  stored_bytes: number;
}
export const organisation_reply: Fields<OrganisationReply> = {
  name: 'organisation_reply',
  at: [
    { name: 'organisation', kind: 'id', min: 1, max: 16 },
    { name: 'name', kind: 'line', min: 1, max: 120 },
    { name: 'colour', kind: 'line', min: 0, max: 7 },
    { name: 'language', kind: 'line', min: 2, max: 2 },
    { name: 'from_name', kind: 'line', min: 0, max: 120 },
    { name: 'from_address', kind: 'line', min: 0, max: 254 },
    { name: 'contact', kind: 'line', min: 0, max: 200 },
    { name: 'logo', kind: 'bytes', min: 0, max: 32768 },
    { name: 'methods', kind: 'u64', min: 0, max: 7 },
    { name: 'method_floor', kind: 'u64', min: 0, max: 7 },
    { name: 'methods_allowed', kind: 'u64', min: 0, max: 7 },
    { name: 'lifetimes', kind: 'u64', min: 0, max: 7 },
    { name: 'default_method', kind: 'u64', min: 0, max: 7 },
    { name: 'default_lifetime_days', kind: 'u64', min: 0, max: 30 },
    { name: 'recipients_max', kind: 'u64', min: 0, max: 50 },
    { name: 'attachments_max', kind: 'u64', min: 0, max: 100 },
    { name: 'total_bytes_max', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
    { name: 'stored_bytes', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
  ],
};

export interface OrganisationSetRequest {
  /** makes replays harmless */
  meta: SealedMeta;
  /** who asks */
  session: SessionProof;
  /** as people know it */
  name: string;
  /** #rrggbb or empty */
  colour: string;
  /** "nl" or "en" */
  language: string;
  /** of notifications; empty: name */
  from_name: string;
  /** of notifications; empty: the notifier's */
  from_address: string;
  /** whom to ask when a message is gone; may be empty */
  contact: string;
  /** false: the logo stays */
  changes_logo: boolean;
  /** PNG or JPEG; empty: none */
  logo: Uint8Array;
}
export const organisation_set_request: Fields<OrganisationSetRequest> = {
  name: 'organisation_set_request',
  at: [
    { name: 'meta', kind: 'map', min: 0, max: 0, item: sealed_meta },
    { name: 'session', kind: 'map', min: 0, max: 0, item: session_proof },
    { name: 'name', kind: 'line', min: 1, max: 120 },
    { name: 'colour', kind: 'line', min: 0, max: 7 },
    { name: 'language', kind: 'line', min: 2, max: 2 },
    { name: 'from_name', kind: 'line', min: 0, max: 120 },
    { name: 'from_address', kind: 'line', min: 0, max: 254 },
    { name: 'contact', kind: 'line', min: 0, max: 200 },
    { name: 'changes_logo', kind: 'bool', min: 0, max: 0 },
    { name: 'logo', kind: 'bytes', min: 0, max: 32768 },
  ],
};

export interface PolicyChangeRequest {
  /** makes replays harmless */
  meta: SealedMeta;
  /** who asks */
  session: SessionProof;
  /** bits: 1 password, 2 code, 4 both */
  methods: number;
  /** one method: weaker ones are hidden; 0: none is */
  method_floor: number;
  /** bits: 1 a day, 2 a week, 4 thirty days */
  lifetimes: number;
  /** one that is allowed; 0: none */
  default_method: number;
  /** one that is allowed: 1, 7, 30; 0: none */
  default_lifetime_days: number;
}
export const policy_change_request: Fields<PolicyChangeRequest> = {
  name: 'policy_change_request',
  at: [
    { name: 'meta', kind: 'map', min: 0, max: 0, item: sealed_meta },
    { name: 'session', kind: 'map', min: 0, max: 0, item: session_proof },
    { name: 'methods', kind: 'u64', min: 1, max: 7 },
    { name: 'method_floor', kind: 'u64', min: 0, max: 7 },
    { name: 'lifetimes', kind: 'u64', min: 1, max: 7 },
    { name: 'default_method', kind: 'u64', min: 0, max: 7 },
    { name: 'default_lifetime_days', kind: 'u64', min: 0, max: 30 },
  ],
};

export interface KeyRow {
  /** what it is for */
  purpose: string;
  /** of the key */
  version: number;
  /** when it was made */
  created_ms: number;
}
export const key_row: Fields<KeyRow> = {
  name: 'key_row',
  at: [
    { name: 'purpose', kind: 'line', min: 1, max: 32 },
    { name: 'version', kind: 'u64', min: 1, max: Number.MAX_SAFE_INTEGER },
    { name: 'created_ms', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
  ],
};

export interface RotationState {
  /** of the organisation's key, in use */
  version: number;
  /** that are wrapped under it at all */
  rows: number;
  /** of them, under the version before */
  behind: number;
  /** the version before is there still */
  is_under_way: boolean;
}
export const rotation_state: Fields<RotationState> = {
  name: 'rotation_state',
  at: [
    { name: 'version', kind: 'u64', min: 1, max: Number.MAX_SAFE_INTEGER },
    { name: 'rows', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
    { name: 'behind', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
    { name: 'is_under_way', kind: 'bool', min: 0, max: 0 },
  ],
};

export interface StatusReply {
  /** all of the system's, and the organisation's own */
  keys: KeyRow[];
  /** of the organisation's key */
  rotation: RotationState;
  /** the one clock */
  now_ms: number;
  /** on their way to the log, of all organisations */
  events_waiting: number;
  /** of them, 0: none waits */
  oldest_event_ms: number;
  /** due, and not yet with the notifier */
  mails_waiting: number;
  /** of them, 0: none waits */
  oldest_mail_ms: number;
}
export const status_reply: Fields<StatusReply> = {
  name: 'status_reply',
  at: [
    { name: 'keys', kind: 'list', min: 0, max: 100, item: key_row },
    { name: 'rotation', kind: 'map', min: 0, max: 0, item: rotation_state },
    { name: 'now_ms', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
    { name: 'events_waiting', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
    { name: 'oldest_event_ms', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
    { name: 'mails_waiting', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
    { name: 'oldest_mail_ms', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
  ],
};

export interface RotationBeginRequest {
  /** makes replays harmless */
  meta: SealedMeta;
  /** who asks */
  session: SessionProof;
  /** that is to be replaced */
  version: number;
}
export const rotation_begin_request: Fields<RotationBeginRequest> = {
  name: 'rotation_begin_request',
  at: [
    { name: 'meta', kind: 'map', min: 0, max: 0, item: sealed_meta },
    { name: 'session', kind: 'map', min: 0, max: 0, item: session_proof },
    { name: 'version', kind: 'u64', min: 1, max: Number.MAX_SAFE_INTEGER },
  ],
};

export interface RotationStepReply {
  /** after the step */
  state: RotationState;
  /** in this step */
  rewrapped: number;
  /** rows that do not open: they were altered */
  refused: number;
}
export const rotation_step_reply: Fields<RotationStepReply> = {
  name: 'rotation_step_reply',
  at: [
    { name: 'state', kind: 'map', min: 0, max: 0, item: rotation_state },
    { name: 'rewrapped', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
    { name: 'refused', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
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
  /** seconds that the notification waits: revoked within them, nobody gets one */
  undo_s: number;
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
    { name: 'undo_s', kind: 'u64', min: 0, max: 60 },
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
  /** PNG or JPEG, or empty */
  organisation_logo: Uint8Array;
  /** to keep for when the message is gone; may be empty */
  contact: string;
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
    { name: 'organisation_logo', kind: 'bytes', min: 0, max: 32768 },
    { name: 'contact', kind: 'line', min: 0, max: 200 },
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

export interface VerifyOpenReply {
  /** as of verify */
  verified: VerifyReply;
  /** as of open */
  content: ContentReply;
}
export const verify_open_reply: Fields<VerifyOpenReply> = {
  name: 'verify_open_reply',
  at: [
    { name: 'verified', kind: 'map', min: 0, max: 0, item: verify_reply },
    { name: 'content', kind: 'map', min: 0, max: 0, item: content_reply },
  ],
};

export interface ThreadRow {
  /** the message or reply */
  message: Id;
  /** what it follows up; may be none that the recipient sees */
  parent: Id;
  /** 0 to the recipient, 1 his own reply */
  direction: number;
  /** when it was sent */
  created_ms: number;
  /** when it ends */
  expires_ms: number;
  /** what the link itself opens */
  is_this: boolean;
  /** open_message releases it; else it has ended, or asks for its own link */
  is_open: boolean;
}
export const thread_row: Fields<ThreadRow> = {
  name: 'thread_row',
  at: [
    { name: 'message', kind: 'id', min: 1, max: 16 },
    { name: 'parent', kind: 'id', min: 0, max: 16 },
    { name: 'direction', kind: 'u64', min: 0, max: 1 },
    { name: 'created_ms', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
    { name: 'expires_ms', kind: 'u64', min: 0, max: Number.MAX_SAFE_INTEGER },
    { name: 'is_this', kind: 'bool', min: 0, max: 0 },
    { name: 'is_open', kind: 'bool', min: 0, max: 0 },
  ],
};

export interface ThreadReply {
  /** newest first */
  items: ThreadRow[];
}
export const thread_reply: Fields<ThreadReply> = {
  name: 'thread_reply',
  at: [
    { name: 'items', kind: 'list', min: 0, max: 100, item: thread_row },
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
  /** A user proves who he is; the gateway's half of the session goes out as a cookie. code-needed: ask for a code and repeat; that says nothing about the password. */
  login: { request: LoginRequest; reply: LoginReply };
  /** Gives the gateway's half a new cookie. */
  renew: { request: SessionRequest; reply: ExpiresReply };
  /** Ends the session. */
  logout: { request: SessionRequest; reply: EmptyReply };
  /** A user begins to set up an authenticator app; nothing changes until totp_confirm. */
  totp_begin: { request: SessionRequest; reply: TotpBeginReply };
  /** The app's first code switches the second factor on; ten recovery codes come back, once. */
  totp_confirm: { request: TotpConfirmRequest; reply: RecoveryCodesReply };
  /** Password and code together switch the second factor off. */
  totp_remove: { request: TotpRemoveRequest; reply: EmptyReply };
  /** A user replaces his password; his other sessions end. A wrong old one counts towards the lock of the sign-in. */
  password_change: { request: PasswordChangeRequest; reply: EmptyReply };
  /** The holder of a one-time link sets a password; all sessions of the account end, a second factor stays. gone: the link is unknown, used or over. */
  password_reset: { request: PasswordResetRequest; reply: PasswordResetReply };
  /** An administrator makes such a link for a user; earlier ones end. */
  reset_issue: { request: ResetIssueRequest; reply: ResetIssueReply };
  /** An administrator reads who has an account. Changes nothing. */
  users: { request: UsersRequest; reply: UsersReply };
  /** An administrator makes an account. conflict: the address has one. */
  user_create: { request: UserAddRequest; reply: UserMadeReply };
  /** An administrator sets name, roles and state of an account; where rights are taken away its sessions end. conflict: it would take the last administrator. */
  user_change: { request: UserChangeRequest; reply: EmptyReply };
  /** How the user's organisation looks to recipients, and what its senders may choose. */
  organisation: { request: SessionRequest; reply: OrganisationReply };
  /** An administrator sets how the organisation looks to recipients. bad-value: not an image, a colour or an address; conflict: another one has the name. */
  organisation_set: { request: OrganisationSetRequest; reply: EmptyReply };
  /** An administrator sets what senders may choose. Messages that are sent already stay as they are. */
  policy_set: { request: PolicyChangeRequest; reply: EmptyReply };
  /** Versions and ages of the keys, and what waits for the log and the notifier. Changes nothing. */
  status: { request: SessionRequest; reply: StatusReply };
  /** An administrator replaces the key of the organisation. It names the version that it replaces: where a newer one is in use, or the rotation is under way, it changes nothing. conflict: look again. */
  rotation_begin: { request: RotationBeginRequest; reply: RotationState };
  /** Messages are wrapped under the new key for about a second; when none is behind the old one is destroyed. busy: another step is at work. */
  rotation_step: { request: SessionRequest; reply: RotationStepReply };
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
  /** Mails one recipient's notification again, with the same link. rate-limited within five minutes of the last one, and after five. */
  resend: { request: LinkRequest; reply: EmptyReply };
  /** An administrator or auditor gets the right to query and export the log. */
  audit_access: { request: SessionRequest; reply: AccessReply };
  /** The log's signed head is mailed to all administrators and auditors, to be kept outside the host. */
  checkpoint_mail: { request: SessionRequest; reply: EmptyReply };
  /** First call of a recipient's page: who sent it and how to prove who one is. */
  hello: { request: LinkOnlyRequest; reply: HelloReply };
  /** A person pressed the button: a 6-digit code is mailed. */
  send_code: { request: LinkOnlyRequest; reply: SendCodeReply };
  /** One attempt to prove who one is. */
  verify: { request: VerifyRequest; reply: VerifyReply };
  /** The same, and when it is right the link's message is opened at once: one entry into the log, and one answer. The session may be used as after verify. */
  verify_open: { request: VerifyRequest; reply: VerifyOpenReply };
  /** Releases the message key, again or after verify alone, when its log entry is durable. */
  open: { request: SessionRequest; reply: ContentReply };
  /** What the sender and this recipient wrote to each other in this conversation. Changes nothing. */
  thread: { request: SessionRequest; reply: ThreadReply };
  /** As open, for another message of the thread, or for the recipient's own reply. gone: not there, over, or its own link asks for a stronger check. */
  open_message: { request: MessageRequest; reply: ContentReply };
  /** A verified recipient gets the right to upload the parts of a reply. Asked again with the same id it is the same one. rate-limited: the message is answered often enough; or, with a time, too many answers are begun and not sent, and at that time one is given back. */
  reply_compose: { request: ComposeRequest; reply: AccessReply };
  /** The commit of a reply. */
  reply: { request: ReplyRequest; reply: ExpiresReply };
  /** A recipient signs out: the session ends. The link stays good, after a new check. */
  leave: { request: SessionRequest; reply: EmptyReply };
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
  totp_begin: { request: session_request, reply: totp_begin_reply, carries_parts: false },
  totp_confirm: { request: totp_confirm_request, reply: recovery_codes_reply, carries_parts: false },
  totp_remove: { request: totp_remove_request, reply: empty_reply, carries_parts: false },
  password_change: { request: password_change_request, reply: empty_reply, carries_parts: false },
  password_reset: { request: password_reset_request, reply: password_reset_reply, carries_parts: false },
  reset_issue: { request: reset_issue_request, reply: reset_issue_reply, carries_parts: false },
  users: { request: users_request, reply: users_reply, carries_parts: false },
  user_create: { request: user_add_request, reply: user_made_reply, carries_parts: false },
  user_change: { request: user_change_request, reply: empty_reply, carries_parts: false },
  organisation: { request: session_request, reply: organisation_reply, carries_parts: false },
  organisation_set: { request: organisation_set_request, reply: empty_reply, carries_parts: false },
  policy_set: { request: policy_change_request, reply: empty_reply, carries_parts: false },
  status: { request: session_request, reply: status_reply, carries_parts: false },
  rotation_begin: { request: rotation_begin_request, reply: rotation_state, carries_parts: false },
  rotation_step: { request: session_request, reply: rotation_step_reply, carries_parts: false },
  compose: { request: compose_request, reply: access_reply, carries_parts: false },
  send: { request: send_request, reply: send_reply, carries_parts: true },
  subjects: { request: subjects_request, reply: subjects_reply, carries_parts: false },
  read: { request: message_request, reply: content_reply, carries_parts: false },
  revoke: { request: link_request, reply: empty_reply, carries_parts: false },
  delete: { request: message_request, reply: empty_reply, carries_parts: false },
  unlock: { request: link_request, reply: empty_reply, carries_parts: false },
  resend: { request: link_request, reply: empty_reply, carries_parts: false },
  audit_access: { request: session_request, reply: access_reply, carries_parts: false },
  checkpoint_mail: { request: session_request, reply: empty_reply, carries_parts: false },
  hello: { request: link_only_request, reply: hello_reply, carries_parts: false },
  send_code: { request: link_only_request, reply: send_code_reply, carries_parts: false },
  verify: { request: verify_request, reply: verify_reply, carries_parts: false },
  verify_open: { request: verify_request, reply: verify_open_reply, carries_parts: false },
  open: { request: session_request, reply: content_reply, carries_parts: false },
  thread: { request: session_request, reply: thread_reply, carries_parts: false },
  open_message: { request: message_request, reply: content_reply, carries_parts: false },
  reply_compose: { request: compose_request, reply: access_reply, carries_parts: false },
  reply: { request: reply_request, reply: expires_reply, carries_parts: true },
  leave: { request: session_request, reply: empty_reply, carries_parts: false },
};
