/* A table of settings, and what each must look like. What passes needs no escaping in a URL. */
#include "store/s3_options.h"

#include "base/log.h"

#include <stdbool.h>
#include <string.h>

#include "base/banned.h"

#define SMALL "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define LETTERS SMALL "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

enum { HOST_BYTES_MAX = 255, TEXT_BYTES_MAX = 128, BUCKET_BYTES_MIN = 3, BUCKET_BYTES_MAX = 63 };

static bool is_made_of(const char *text, size_t size, const char *letters)
{
    return strspn(text, letters) >= size;
}

static const char *behind(const char *text, const char *begin)
{
    size_t size = strlen(begin);
    return strncmp(text, begin, size) == 0 ? text + size : NULL;
}

/* The host and port of an endpoint, and nothing behind them. */
static bool is_authority(const char *text)
{
    size_t size = strcspn(text, "/");
    bool has_rest = text[size] != '\0' && text[size + 1] != '\0';
    return size > 0 && size <= HOST_BYTES_MAX && !has_rest &&
           is_made_of(text, size, LETTERS DIGITS ".-:[]");
}

static bool is_this_machine(const char *authority)
{
    static const char *const hosts[] = {"127.0.0.1", "localhost", "[::1]"};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        const char *rest = behind(authority, hosts[i]);
        if (rest && (*rest == ':' || *rest == '/' || *rest == '\0'))
            return true;
    }
    return false;
}

static bool is_endpoint(const struct s3_options *options)
{
    const char *authority = behind(options->endpoint, "https://");
    if (authority)
        return is_authority(authority);
    authority = behind(options->endpoint, "http://");
    return authority && is_authority(authority) && is_this_machine(authority);
}

static bool is_region(const struct s3_options *options)
{
    size_t size = strlen(options->region);
    return size > 0 && size <= TEXT_BYTES_MAX &&
           is_made_of(options->region, size, SMALL DIGITS "-");
}

static bool is_bucket(const struct s3_options *options)
{
    size_t size = strlen(options->bucket);
    return size >= BUCKET_BYTES_MIN && size <= BUCKET_BYTES_MAX &&
           is_made_of(options->bucket, size, SMALL DIGITS ".-") && options->bucket[0] != '.';
}

static bool is_key_id(const struct s3_options *options)
{
    size_t size = strlen(options->key_id);
    return size > 0 && size <= TEXT_BYTES_MAX &&
           is_made_of(options->key_id, size, LETTERS DIGITS "._-");
}

static bool is_secret(const struct s3_options *options)
{
    struct span secret = options->secret;
    for (size_t i = 0; i < secret.size; i++)
        if (secret.at[i] <= ' ' || secret.at[i] > '~')
            return false;
    return secret.size > 0 && secret.size <= TEXT_BYTES_MAX;
}

/* clang-format off */
static const struct {
    const char *name;
    bool (*is_good)(const struct s3_options *options);
    const char *cause, *remedy;
} checks[] = {
    {"SECURE_MAIL_S3_ENDPOINT", is_endpoint, "missing, or not https://host:port and nothing behind (http:// only to this machine)",
     "give the server's address, for example https://s3.example.org:9000"},
    {"SECURE_MAIL_S3_REGION", is_region, "not a region's name", "give the server's region; most servers of one's own have us-east-1"},
    {"SECURE_MAIL_S3_BUCKET", is_bucket, "missing, or not 3 to 63 small letters, digits, dots and hyphens", "name a bucket for Secure Mail alone"},
    {"SECURE_MAIL_S3_KEY_ID", is_key_id, "missing, or not letters and digits", "give the key id that the server's administrator made"},
    {"SECURE_MAIL_S3_SECRET", is_secret, "missing, or not one line of printable characters",
     "give the secret of the key id in a file: SECURE_MAIL_S3_SECRET_FILE"},
};
/* clang-format on */

enum sm_error s3_options_check(const struct s3_options *options)
{
    enum sm_error error = SM_OK;
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        if (checks[i].is_good(options))
            continue;
        error = SM_CONFIG;
        log_line(LOG_ERROR, "setting-refused", "setting", checks[i].name, "cause", checks[i].cause,
            "remedy", checks[i].remedy, NULL);
    }
    return error;
}
