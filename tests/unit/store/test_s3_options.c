/* Settings of an object server: each fault is refused before anybody is asked. */
#include "store/s3_options.h"
#include "tests/support/check.h"

static struct s3_options good(void)
{
    return (struct s3_options){.endpoint = "https://s3.example.org:9000",
        .region = "us-east-1",
        .bucket = "secure-mail",
        .key_id = "KEYID",
        .secret = span_text("a+secret/"),
        .ca_file = ""};
}

static void endpoints_are_https_or_this_machine(void **state)
{
    static const struct {
        const char *endpoint;
        enum sm_error expected;
    } cases[] = {
        {"https://s3.example.org", SM_OK},
        {"https://s3.example.org:9000/", SM_OK},
        {"https://[2001:db8::1]:9000", SM_OK},
        {"http://127.0.0.1:9000", SM_OK},
        {"http://localhost", SM_OK},
        {"http://[::1]:9000", SM_OK},
        {"", SM_CONFIG},
        {"s3.example.org", SM_CONFIG},
        {"http://s3.example.org", SM_CONFIG},
        {"http://127.0.0.1.example.org", SM_CONFIG},
        {"http://localhost.example.org", SM_CONFIG},
        {"https://", SM_CONFIG},
        {"https://user:password@s3.example.org", SM_CONFIG},
        {"https://s3.example.org/bucket", SM_CONFIG},
        {"https://s3.example.org?x", SM_CONFIG},
        {"https://s3.example.org#x", SM_CONFIG},
        {"ftp://s3.example.org", SM_CONFIG},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct s3_options options = good();
        options.endpoint = cases[i].endpoint;
        assert_error(s3_options_check(&options), cases[i].expected);
    }
}

static void names_need_no_escaping(void **state)
{
    static const struct s3_options faults[] = {{.region = ""}, {.region = "US"}, {.region = "a:b"},
        {.bucket = "ab"}, {.bucket = ""}, {.bucket = "Secure"}, {.bucket = "a/b/c"},
        {.bucket = "..."}, {.key_id = ""}, {.key_id = "a:b"}, {.key_id = "a b"}};
    (void)state;
    assert_ok(s3_options_check(&(struct s3_options){
        "https://s3.example.org", "us-east-1", "secure-mail", "KEYID", span_text("secret"), ""}));
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct s3_options options = good();
        if (faults[i].region)
            options.region = faults[i].region;
        if (faults[i].bucket)
            options.bucket = faults[i].bucket;
        if (faults[i].key_id)
            options.key_id = faults[i].key_id;
        assert_error(s3_options_check(&options), SM_CONFIG);
    }
}

static void a_secret_is_one_printable_line(void **state)
{
    static const char *const wrong[] = {"", "two\nlines", "a blank", "\x80"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct s3_options options = good();
        options.secret = span_text(wrong[i]);
        assert_error(s3_options_check(&options), SM_CONFIG);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endpoints_are_https_or_this_machine),
        cmocka_unit_test(names_need_no_escaping),
        cmocka_unit_test(a_secret_is_one_printable_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
