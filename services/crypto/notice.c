/* The link's text is made here, goes into the sealed letter, and is wiped. */
#include "services/crypto/notice.h"

#include "services/crypto/mail.h"

enum { LINK_TEXT_BYTES_MAX = 512 };

enum sm_error notice_add(const struct worker *worker, const struct notice *notice)
{
    const struct link *link = notice->link;
    const struct organisation *organisation = notice->organisation;
    struct buffer text DEFER(buffer_free) = BUFFER(LINK_TEXT_BYTES_MAX);
    TRY(link_text(worker, link, organisation->base_url, &text));
    struct mail_order order = {.letter = {.kind = LETTER_NOTICE,
                                   .language = notice->language,
                                   .to_address = link->address,
                                   .to_name = link->name,
                                   .from_address = organisation->from_address,
                                   .from_name = organisation->from_name,
                                   .organisation_name = organisation->name,
                                   .sender_name = notice->sender_name,
                                   .link = buffer_span(&text),
                                   .expires_ms = (uint64_t)link->expires_ms},
        .organisation = link->organisation,
        .message = link->message,
        .link = link->link,
        .event = notice->event,
        .not_before_ms = notice->not_before_ms,
        .not_after_ms = link->expires_ms};
    return mail_add(worker, &order);
}
