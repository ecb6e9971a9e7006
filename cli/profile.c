/* The profile folder. */
#include "cli/profile.h"

#include "base/memory.h"
#include "cli/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES_MAX = 512, FILE_BYTES_MAX = 16 * 1024 };

struct path {
    char text[PATH_BYTES_MAX];
};

static enum sm_error fault(struct cli *cli, const char *path)
{
    return cli_problem(cli, errno == ENOSPC ? SM_DISK_FULL : SM_IO,
        "Set SECUREMAIL_HOME to a folder that you may write", "%s: %s", path, strerror(errno));
}

static struct path folder(void)
{
    struct path path;
    const char *own = getenv("SECUREMAIL_HOME");
    const char *config = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    if (own && *own)
        (void)snprintf(path.text, sizeof path.text, "%s", own);
    else if (config && *config)
        (void)snprintf(path.text, sizeof path.text, "%s/securemail", config);
    else
        (void)snprintf(path.text, sizeof path.text, "%s/.config/securemail", home ? home : ".");
    return path;
}

static struct path file_of(const char *name, const char *ending)
{
    struct path path;
    if (snprintf(path.text, sizeof path.text, "%s/%s.json%s", folder().text, name, ending) >=
        (int)sizeof path.text)
        path.text[0] = '\0'; /* opens nothing */
    return path;
}

/* Makes the folder and its parents. */
static enum sm_error make_folder(struct cli *cli)
{
    struct path path = folder();
    for (char *slash = path.text + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        if (mkdir(path.text, 0700) != 0 && errno != EEXIST)
            return fault(cli, path.text);
        *slash = '/';
    }
    return mkdir(path.text, 0700) == 0 || errno == EEXIST ? SM_OK : fault(cli, path.text);
}

enum sm_error profile_read(struct cli *cli, const char *name, struct doc **out)
{
    struct path path = file_of(name, "");
    int file DEFER(file_close) = open(path.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0)
        return errno == ENOENT ? SM_NOT_FOUND : fault(cli, path.text);
    struct stat facts;
    if (fstat(file, &facts) != 0 || (facts.st_mode & 077) != 0)
        return cli_problem(cli, SM_NOT_ALLOWED, "Close it: chmod 600, then sign in again",
            "Others may read %s", path.text);
    struct buffer text DEFER(buffer_free) = BUFFER(FILE_BYTES_MAX);
    uint8_t *room;
    TRY(buffer_extend(&text, FILE_BYTES_MAX, &room));
    ssize_t size = read(file, room, FILE_BYTES_MAX);
    if (size < 0)
        return fault(cli, path.text);
    buffer_truncate(&text, (size_t)size);
    return doc_parse(buffer_span(&text), out);
}

enum sm_error profile_write(struct cli *cli, const char *name, const struct doc *doc)
{
    struct path path = file_of(name, "");
    struct path fresh = file_of(name, ".XXXXXX"); /* of its own: more commands may run at a time */
    struct buffer text DEFER(buffer_free) = BUFFER(FILE_BYTES_MAX);
    TRY(make_folder(cli));
    TRY(doc_write(doc, &text));
    int file DEFER(file_close) = mkostemp(fresh.text, O_CLOEXEC); /* mode 0600 */
    if (file < 0)
        return fault(cli, path.text);
    if (file_write(file, buffer_span(&text)) == SM_OK && fsync(file) == 0 &&
        rename(fresh.text, path.text) == 0)
        return SM_OK;
    enum sm_error error = fault(cli, path.text);
    (void)unlink(fresh.text);
    return error;
}

void profile_forget(struct cli *cli, const char *name)
{
    (void)cli;
    (void)unlink(file_of(name, "").text);
}
