/* Three methods, three lifetimes: small tables. */
#include "services/crypto/policy.h"

#include "services/crypto/method.h"

#include <inttypes.h>

/* clang-format off */
static const struct {
    enum lifetime bit;
    uint64_t days;
} lifetimes[] = {{LIFETIME_DAY, 1}, {LIFETIME_WEEK, 7}, {LIFETIME_MONTH, 30}};
/* clang-format on */
enum { LIFETIMES = sizeof lifetimes / sizeof lifetimes[0] };

static const enum method methods[] = {METHOD_PASSWORD, METHOD_CODE, METHOD_PASSWORD_AND_CODE};

uint64_t policy_methods(const struct organisation *organisation)
{
    const struct method_rule *floor = method_find(organisation->method_floor);
    uint64_t allowed = 0;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (!floor || method_find(methods[i])->level >= floor->level)
            allowed |= methods[i];
    return allowed & organisation->methods;
}

uint64_t policy_lifetimes(const struct organisation *organisation)
{
    uint64_t allowed = 0;
    if (organisation->lifetimes)
        return organisation->lifetimes;
    for (size_t i = 0; i < LIFETIMES; i++)
        if (lifetimes[i].days <= organisation->lifetime_days_max)
            allowed |= lifetimes[i].bit;
    return allowed;
}

bool policy_allows_days(const struct organisation *organisation, uint64_t days)
{
    for (size_t i = 0; i < LIFETIMES; i++)
        if (lifetimes[i].days == days)
            return (policy_lifetimes(organisation) & lifetimes[i].bit) != 0;
    return false;
}

uint64_t policy_days_max(uint64_t mask)
{
    uint64_t days = 0;
    for (size_t i = 0; i < LIFETIMES; i++)
        if (mask & lifetimes[i].bit)
            days = lifetimes[i].days;
    return days;
}

void policy_mend(struct organisation *organisation)
{
    if (!(organisation->default_method & policy_methods(organisation)))
        organisation->default_method = 0;
    if (!policy_allows_days(organisation, organisation->default_lifetime_days))
        organisation->default_lifetime_days = 0;
}

const char *policy_fault(const struct organisation *organisation)
{
    uint64_t allowed = policy_methods(organisation);
    uint64_t floor = organisation->method_floor, preset = organisation->default_method;
    uint64_t days = organisation->default_lifetime_days;
    if (floor && !method_find(floor))
        return "The minimum level is one identity check, or none.";
    if (!allowed)
        return "No identity check is left that senders may choose.";
    if (preset && (!method_find(preset) || !(preset & allowed)))
        return "The preset identity check is not one that senders may choose.";
    if (!policy_lifetimes(organisation))
        return "No lifetime is left that senders may choose.";
    if (days && !policy_allows_days(organisation, days))
        return "The preset lifetime is not one that senders may choose.";
    return NULL;
}

enum sm_error policy_changes(
    const struct organisation *before, const struct organisation *after, struct buffer *out)
{
    const struct {
        const char *name;
        uint64_t before, after;
    } values[] = {
        {"methods", before->methods, after->methods},
        {"floor", before->method_floor, after->method_floor},
        {"lifetimes", policy_lifetimes(before), policy_lifetimes(after)},
        {"preset method", before->default_method, after->default_method},
        {"preset days", before->default_lifetime_days, after->default_lifetime_days},
        {"recipients", before->recipients_max, after->recipients_max},
        {"attachments", before->attachments_max, after->attachments_max},
        {"MB", before->total_bytes_max / 1000000, after->total_bytes_max / 1000000},
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (values[i].before != values[i].after)
            TRY(buffer_format(out, "%s%s %" PRIu64 " to %" PRIu64, out->size ? ", " : "",
                values[i].name, values[i].before, values[i].after));
    return SM_OK;
}
