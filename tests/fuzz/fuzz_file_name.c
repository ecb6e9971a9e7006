/*
 * A hostile name of an attachment: what a file is saved by is one harmless name of bounded length,
 * and harmless is as harmless stays.
 */
#include "base/text.h"
#include "cli/file_name.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true)
{
    if (!is_true)
        abort();
}

static void check_name(const char *name, size_t most)
{
    size_t size = strlen(name);
    demand(size > 0 && size <= most && text_is_line(span_text(name)));
    demand(!strpbrk(name, "/\\<>:\"|?*") && !strchr(".-~ ", name[0]));
    demand(name[size - 1] != ' ' && name[size - 1] != '.');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char once[FILE_NAME_SAFE_BYTES_MAX + 1];
    char twice[FILE_NAME_SAFE_BYTES_MAX + 1];
    char numbered[FILE_NAME_BYTES + 1];
    file_name_safe(span_of(data, size), once);
    check_name(once, FILE_NAME_SAFE_BYTES_MAX);
    file_name_safe(span_text(once), twice);
    demand(strcmp(once, twice) == 0);
    file_name_numbered(once, 1, numbered);
    demand(strcmp(once, numbered) == 0);
    file_name_numbered(once, 4294967295u, numbered);
    check_name(numbered, FILE_NAME_BYTES);
    return 0;
}
