/*
 * How text becomes a mail that no relay, gateway or reader can misread: header values in ASCII with
 * encoded words (RFC 2047), the body as quoted-printable (RFC 2045 section 6.7) with CRLF line ends
 * only. Whatever is given, no output holds a bare CR or LF, an 8-bit byte, or a line over 76 bytes
 * (998 where an address stands alone); a value cannot begin another header.
 */
#ifndef SM_NOTIFIER_MIME_H
#define SM_NOTIFIER_MIME_H

#include "base/buffer.h"

/* "Name: value CRLF" for unstructured text. SM_BAD_FORMAT unless `value` is text_is_line. */
SM_MUST_USE enum sm_error mime_text_header(struct buffer *out, const char *name, struct span value);

/*
 * "Name: display <address> CRLF"; an empty display name leaves the address alone. SM_BAD_FORMAT
 * unless the name is text_is_line and the address text_is_address.
 */
SM_MUST_USE enum sm_error mime_address_header(
    struct buffer *out, const char *name, struct span display, struct span address);

/* The body: `text` is UTF-8 with LF line ends (a CR in it is encoded). SM_BAD_FORMAT otherwise. */
SM_MUST_USE enum sm_error mime_body(struct buffer *out, struct span text);

#endif
