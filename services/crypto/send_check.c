/* The rules of sending, one function and one row each. */
#include "services/crypto/send_check.h"

#include "base/text.h"
#include "envelope/chunked.h"
#include "proto/limits.h"
#include "services/crypto/method.h"
#include "services/crypto/policy.h"

typedef bool rule_fn(const struct send_facts *facts);

static const struct recipient *recipient_at(const struct send_facts *facts, size_t i)
{
    return LIST_AT(struct recipient, facts->request->recipients, i);
}

/* --- form --- */

/* The gateway has checked against the object store what stands in clear: it must be the same. */
static bool clear_part_agrees(const struct send_facts *facts)
{
    return id_equal(facts->aad->message, facts->request->message) &&
           facts->aad->parts == facts->request->parts.count;
}

static bool is_exact_size(const struct part_facts *part)
{
    uint64_t plaintext;
    uint64_t most = part->number == 0 ? HEADER_PART_BYTES_MAX : ATTACHMENT_BYTES_MAX;
    return chunked_plaintext_size(part->ciphertext_size, &plaintext) == SM_OK && plaintext <= most;
}

bool send_parts_are_good(const struct list *parts)
{
    if (parts->count < 1 || parts->count > PARTS_MAX)
        return false;
    for (size_t i = 0; i < parts->count; i++) {
        const struct part_facts *part = LIST_AT(struct part_facts, *parts, i);
        if (part->number != i || part->commitment.size != COMMITMENT_BYTES || !is_exact_size(part))
            return false;
    }
    return true;
}

uint64_t send_parts_bytes(const struct list *parts)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < parts->count; i++)
        bytes += LIST_AT(struct part_facts, *parts, i)->ciphertext_size;
    return bytes;
}

static bool parts_are_good(const struct send_facts *facts)
{
    return send_parts_are_good(&facts->request->parts);
}

static bool lifetime_is_known(const struct send_facts *facts)
{
    uint64_t days = facts->request->lifetime_days;
    return days == 1 || days == 7 || days == 30;
}

static bool language_is_known(const struct send_facts *facts)
{
    return span_equals_text(facts->request->language, "nl") ||
           span_equals_text(facts->request->language, "en");
}

static bool addresses_are_good(const struct send_facts *facts)
{
    for (size_t i = 0; i < facts->request->recipients.count; i++)
        if (!text_is_address(recipient_at(facts, i)->address))
            return false;
    return true;
}

static uint8_t lower(uint8_t letter)
{
    return letter >= 'A' && letter <= 'Z' ? (uint8_t)(letter + ('a' - 'A')) : letter;
}

bool send_addresses_are_same(struct span a, struct span b)
{
    if (a.size != b.size)
        return false;
    for (size_t i = 0; i < a.size; i++)
        if (lower(a.at[i]) != lower(b.at[i]))
            return false;
    return true;
}

static bool is_first_of_its_address(const struct send_facts *facts, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (send_addresses_are_same(
                recipient_at(facts, i)->address, recipient_at(facts, j)->address))
            return false;
    return true;
}

static bool addresses_differ(const struct send_facts *facts)
{
    for (size_t i = 0; i < facts->request->recipients.count; i++)
        if (!is_first_of_its_address(facts, i))
            return false;
    return true;
}

/* A method of the table, with a password exactly where it asks for one. */
static bool methods_are_good(const struct send_facts *facts)
{
    for (size_t i = 0; i < facts->request->recipients.count; i++) {
        const struct recipient *recipient = recipient_at(facts, i);
        const struct method_rule *rule = method_find(recipient->method);
        size_t size = recipient->password.size;
        bool has_password = size >= PASSWORD_BYTES_MIN && size <= PASSWORD_BYTES_MAX;
        if (!rule || (rule->asks_password ? !has_password : size != 0))
            return false;
    }
    return true;
}

/* --- policy --- */

static bool methods_are_allowed(const struct send_facts *facts)
{
    for (size_t i = 0; i < facts->request->recipients.count; i++)
        if ((recipient_at(facts, i)->method & policy_methods(facts->organisation)) == 0)
            return false;
    return true;
}

static bool lifetime_is_allowed(const struct send_facts *facts)
{
    return policy_allows_days(facts->organisation, facts->request->lifetime_days);
}

static bool recipients_are_allowed(const struct send_facts *facts)
{
    return facts->request->recipients.count <= facts->organisation->recipients_max;
}

static bool attachments_are_allowed(const struct send_facts *facts)
{
    return facts->request->parts.count - 1 <= facts->organisation->attachments_max;
}

static bool total_is_allowed(const struct send_facts *facts)
{
    uint64_t total;
    return !__builtin_add_overflow(
               facts->stored_bytes, send_parts_bytes(&facts->request->parts), &total) &&
           total <= facts->organisation->total_bytes_max;
}

/* clang-format off */
static const struct {
    rule_fn *holds;
    enum sm_error error;
    const char *reason;
} rules[] = {
    {clear_part_agrees,       SM_BAD_VALUE,   "The request names another message in clear than inside."},
    {parts_are_good,          SM_BAD_VALUE,   "The parts are not complete, in order and of an allowed size."},
    {lifetime_is_known,       SM_BAD_VALUE,   "A message lives 1, 7 or 30 days."},
    {language_is_known,       SM_BAD_VALUE,   "The language is nl or en."},
    {addresses_are_good,      SM_BAD_VALUE,   "One of the addresses is not a mail address."},
    {addresses_differ,        SM_BAD_VALUE,   "One address stands there twice."},
    {methods_are_good,        SM_BAD_VALUE,   "A recipient's method and password do not belong together; a password has 8 to 256 bytes."},
    {methods_are_allowed,     SM_NOT_ALLOWED, "The organisation does not allow this identity check."},
    {lifetime_is_allowed,     SM_NOT_ALLOWED, "The organisation does not allow messages to live that long."},
    {recipients_are_allowed,  SM_NOT_ALLOWED, "The organisation does not allow so many recipients."},
    {attachments_are_allowed, SM_NOT_ALLOWED, "The organisation does not allow so many attachments."},
    {total_is_allowed,        SM_NOT_ALLOWED, "The organisation's storage is full."},
};
/* clang-format on */

enum sm_error send_check(const struct send_facts *facts, const char **reason)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (!rules[i].holds(facts)) {
            *reason = rules[i].reason;
            return rules[i].error;
        }
    return SM_OK;
}
