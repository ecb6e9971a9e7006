/* Options in pairs. */
#include "cli/addressees.h"

#include "base/text.h"
#include "cli/words.h"

enum { PASSWORD_ROOM = 512 };

void addressees_free(struct addressees *addressees)
{
    for (size_t i = 0; i < RECIPIENTS_MAX; i++)
        buffer_free(&addressees->passwords[i]);
}

static enum sm_error read_addresses(struct cli *cli, struct addressees *out)
{
    const char *address;
    for (; (address = cli_value_at(cli, "--to", out->count)) != NULL; out->count++) {
        if (out->count == RECIPIENTS_MAX)
            return cli_problem(cli, SM_TOO_LARGE, "Send several messages",
                "A message may have %d recipients", RECIPIENTS_MAX);
        if (!text_is_address(span_text(address)))
            return cli_problem(cli, SM_BAD_VALUE, "Write it as name@example.org",
                "%.100s is not a mail address", address);
        out->items[out->count] = (struct recipient){.address = span_text(address)};
    }
    return out->count
               ? SM_OK
               : cli_problem(cli, SM_BAD_VALUE, "Name one with --to", "There is no recipient");
}

/* --- checks --- */

static enum sm_error read_checks(struct cli *cli, struct addressees *out)
{
    const char *given;
    size_t count = cli_count(cli, "--check");
    TRY(cli_need(cli, "--check", &given));
    if (count != 1 && count != out->count)
        return cli_problem(cli, SM_BAD_VALUE,
            "Give it once for all, or once for each --to, in their order",
            "There are %zu checks for %zu recipients", count, out->count);
    for (size_t i = 0; i < out->count; i++) {
        given = cli_value_at(cli, "--check", count == 1 ? 0 : i);
        if (!words_find(words_methods, span_text(given), &out->items[i].method))
            return cli_problem(cli, SM_BAD_VALUE, "Choose password, code or password+code",
                "%.40s is not a way to check who somebody is", given);
    }
    return SM_OK;
}

/* --- passwords --- */

static bool has_password(const struct recipient *recipient)
{
    return recipient->method != METHOD_CODE;
}

static size_t count_passwords(const struct addressees *addressees)
{
    size_t count = 0;
    for (size_t i = 0; i < addressees->count; i++)
        count += has_password(&addressees->items[i]);
    return count;
}

static enum sm_error read_password(struct cli *cli, size_t index, struct buffer *out)
{
    *out = BUFFER(PASSWORD_ROOM);
    TRY(cli_new_secret_at(
        cli, "--recipient-password-file", index, "Password for the recipient", out));
    return out->size >= PASSWORD_BYTES_MIN && out->size <= PASSWORD_BYTES_MAX
               ? SM_OK
               : cli_problem(cli, SM_BAD_VALUE, "Choose another, and tell it by phone",
                     "A recipient's password must have %d to %d bytes", PASSWORD_BYTES_MIN,
                     PASSWORD_BYTES_MAX);
}

static enum sm_error read_passwords(struct cli *cli, struct addressees *out)
{
    size_t files = cli_count(cli, "--recipient-password-file");
    size_t wanted = count_passwords(out);
    size_t read = 0;
    if (wanted == 0 && files > 0)
        return cli_problem(cli, SM_BAD_VALUE, "Leave it out, or use --check password",
            "A password is given, and no recipient is asked for one");
    if (files > 1 && files != wanted)
        return cli_problem(cli, SM_BAD_VALUE,
            "Give one for all, or one for each whose check has a password, in the order of --to",
            "There are %zu password files for %zu passwords", files, wanted);
    for (size_t i = 0; i < out->count; i++) {
        if (!has_password(&out->items[i]))
            continue;
        bool is_shared = read > 0 && files <= 1;
        if (!is_shared) {
            TRY(read_password(cli, read, &out->passwords[read]));
            read++;
        }
        out->items[i].password = buffer_span(&out->passwords[read - 1]);
    }
    return SM_OK;
}

enum sm_error addressees_read(struct cli *cli, struct addressees *out)
{
    TRY(read_addresses(cli, out));
    TRY(read_checks(cli, out));
    return read_passwords(cli, out);
}
