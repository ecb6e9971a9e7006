/* The form of what is shown to strangers, in a page or a mail's header. */
#include "services/crypto/profile.h"

#include "base/text.h"

#include <string.h>

static bool is_colour(struct span colour)
{
    if (colour.size == 0)
        return true;
    if (colour.size != 7 || colour.at[0] != '#')
        return false;
    for (size_t i = 1; i < colour.size; i++)
        if (!colour.at[i] || !strchr("0123456789abcdef", colour.at[i]))
            return false;
    return true;
}

bool profile_is_good(const struct organisation *organisation)
{
    struct span language = organisation->language, address = organisation->from_address;
    bool is_language = span_equals_text(language, "nl") || span_equals_text(language, "en");
    return is_language && is_colour(organisation->colour) &&
           (address.size == 0 || text_is_address(address));
}
