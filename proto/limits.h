/*
 * Every bound of the product, with its unit in its name. What an operator may change is in the
 * configuration table (docs/configuration.md); these are the ceilings that no configuration lifts,
 * and the rules of the product page.
 */
#ifndef SM_PROTO_LIMITS_H
#define SM_PROTO_LIMITS_H

/* --- what people send (PRODUCT.md S2, S5) --- */
enum {
    ATTACHMENT_BYTES_MAX = 50 * 1000 * 1000, /* plaintext of one file: 50 MB */
    ATTACHMENTS_MAX = 100,                   /* of one message */
    PARTS_MAX = ATTACHMENTS_MAX + 1,         /* and the header part */
    RECIPIENTS_MAX = 50,
    SUBJECT_BYTES_MAX = 998,
    BODY_BYTES_MAX = 1024 * 1024,
    HEADER_PART_BYTES_MAX = BODY_BYTES_MAX + 128 * 1024, /* plaintext of part 0 */
    FILE_NAME_BYTES_MAX = 255,
    MEDIA_TYPE_BYTES_MAX = 127,
    PERSON_NAME_BYTES_MAX = 120,
    ORGANISATION_NAME_BYTES_MAX = 120,
    ADDRESS_BYTES_LIMIT = 254,
    URL_BYTES_MAX = 255,
    REASON_BYTES_MAX = 200,
    CHECKPOINT_NOTE_BYTES_LIMIT = 512, /* of a signed note of the log */
    CONTACT_BYTES_MAX = 200,           /* a line: whom to call when a message is gone */
    LOGO_BYTES_MAX = 32 * 1024,
    OTPAUTH_BYTES_MAX = 1500, /* names and address, each byte escaped, and the rest */
    LANGUAGE_BYTES = 2,       /* "nl" or "en" */
    SUBJECT_SEALED_BYTES_MAX = SUBJECT_BYTES_MAX + 64,
};

/* --- identity checks (PRODUCT.md R3, R4; DESIGN 5) --- */
enum {
    PASSWORD_BYTES_MIN = 8,
    PASSWORD_BYTES_MAX = 256,
    CODE_DIGITS = 6,
    CODE_LIFETIME_S = 10 * 60,
    CODES_VALID_MAX = 2, /* the last two codes are good */
    CODE_RESEND_AFTER_S = 60,
    CODES_PER_HOUR_MAX = 6,
    REPLIES_PER_LINK_MAX = 20,
    BEGUN_PER_LINK_MAX = 10,     /* answers that are begun and not sent */
    LINK_CALLS_PER_MINUTE = 300, /* of one link or verified session, at one replica */
    RESET_LINK_S = 24 * 60 * 60, /* a link to set a password with */
    UNDO_S_MAX = 60,             /* that a sender may ask for */
    RESEND_AFTER_S = 5 * 60,     /* of a notification, by the sender */
    RESENDS_PER_LINK_MAX = 5,
    FAILURES_BEFORE_LOCK = 5,
    LOCK_S = 15 * 60,
    FAILURES_BEFORE_FREEZE = 20,
    ARGON2_KIB_MIN = 19456,       /* memory of one hash that the configuration accepts */
    ARGON2_KIB_MAX = 1024 * 1024, /* also what a stored form may cost us */
    ARGON2_PASSES_MAX = 16,
    VERIFIED_SESSION_S = 30 * 60,  /* a recipient's session after a passed check */
    USER_SESSION_S = 12 * 60 * 60, /* a sender's session */
    COOKIE_S = 15 * 60,            /* the gateway's half of it; each sealed call renews it */
    CAPABILITY_S = 15 * 60,        /* download and audit capabilities */
    UPLOAD_CAPABILITY_S = 24 * 60 * 60,
    TIME_TOKEN_S = 15 * 60,     /* how old a time token may be in a sealed request */
    HPKE_KEY_S = 24 * 60 * 60,  /* how long a key is offered to browsers */
    HPKE_KEY_GRACE_S = 60 * 60, /* and how long it still opens after that */
};

/* --- sizes on the wire --- */
enum {
    SEALED_REQUEST_BYTES_MAX = 256 * 1024,
    SEALED_AAD_BYTES_MAX = 1024,
    OPERATION_NAME_BYTES_MAX = 32,
    BUS_MESSAGE_BYTES_MAX = 1024 * 1024, /* ZMQ_MAXMSGSIZE: a larger frame is never allocated */
    BUS_QUEUE_MESSAGES_MAX = 32,         /* of one connection, each way: a caller has one call */
    BUS_CALL_MS_MAX = 60 * 1000,         /* a later deadline counts as this one: nobody waits */
    CAPABILITY_BYTES_MAX = 512,          /* text */
    TIME_TOKEN_BYTES = 40,
    HPKE_KID_BYTES = 8,
    PUBLIC_KEY_BYTES = 65, /* P-256, uncompressed point */
    SIGNATURE_BYTES = 64,  /* ECDSA P-256 r || s, and Ed25519 */
    KEY_BYTES = 32,
    LINK_SECRET_BYTES = 32,
    SESSION_SECRET_BYTES = 32,
    SHA256_BYTES = 32,
    COMMITMENT_BYTES = 32,
    MAIL_JOB_BYTES_MAX = 4096, /* sealed */
    PAGE_ROWS_MAX = 100,       /* rows of one feed, list or query answer */
    AUDIT_BATCH_MAX = 256,     /* events of one append */
    AUDIT_PERSONAL_MAX = 4,    /* personal fields of one event */
    AUDIT_ENTRY_BYTES_MAX = 4096,
};

/* --- msgpack (SECURITY.md 4) --- */
enum {
    FIELD_DEPTH_MAX = 4,
    FIELD_ELEMENTS_MAX = 20000, /* of one message, all levels together */
};

#endif
