/* The table, and the two checks that there are. */
#include "services/crypto/method.h"

#include "services/crypto/code.h"

static enum sm_error check_password(const struct attempt *attempt)
{
    return password_verify(
        attempt->worker->crypto->passwords, attempt->password, attempt->link->verifier);
}

static enum sm_error check_code(const struct attempt *attempt)
{
    return code_check(attempt->worker, attempt->link, attempt->code, attempt->now_ms);
}

/* clang-format off */
static const struct method_rule rules[] = {
    /* method                  name                 level password  code   outside         inside     */
    {METHOD_PASSWORD,          "password",          2,    true,     false, check_password, NULL      },
    {METHOD_CODE,              "code",              1,    false,    true,  NULL,           check_code},
    {METHOD_PASSWORD_AND_CODE, "password-and-code", 3,    true,     true,  check_password, check_code},
};
/* clang-format on */

const struct method_rule *method_find(uint64_t method)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if ((uint64_t)rules[i].method == method)
            return &rules[i];
    return NULL;
}

bool method_fits(const struct method_rule *rule, struct span password, struct span code)
{
    bool has_code = code.size > 0;
    return rule->asks_password == (password.size > 0) && rule->asks_code == has_code &&
           (!has_code || code_is_form(code));
}
