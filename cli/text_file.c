/* Reading a body. */
#include "cli/text_file.h"

#include "base/memory.h"
#include "base/text.h"
#include "cli/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 64 * 1024 };

enum sm_error text_file_read(struct cli *cli, const char *option, struct buffer *out)
{
    const char *path;
    uint8_t block[BLOCK];
    TRY(cli_need(cli, option, &path));
    int file DEFER(file_close) =
        strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = 0;
    while (file >= 0 && (size = read(file, block, sizeof block)) > 0)
        if (buffer_append(out, span_of(block, (size_t)size)) != SM_OK)
            return cli_problem(cli, SM_TOO_LARGE, "Attach it as a file instead",
                "%s is longer than a text may be", path);
    if (file < 0 || size < 0)
        return cli_problem(
            cli, SM_BAD_VALUE, "Name a file that you may read", "%s: %s", path, strerror(errno));
    if (out->size && out->bytes[out->size - 1] == '\n')
        buffer_truncate(out, out->size - 1);
    if (!text_is_utf8(buffer_span(out)))
        return cli_problem(cli, SM_BAD_VALUE, "Save it as UTF-8, or attach it as a file",
            "%s is not UTF-8 text", path);
    return SM_OK;
}
