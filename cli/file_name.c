/* Each rule is a small step over the bytes; only ASCII is touched, so UTF-8 stays whole. */
#include "cli/file_name.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    NAME_BYTES_MAX = 4096,   /* looked at; a manifest allows 255 */
    EXTENSION_BYTES_MAX = 20 /* what is longer is no extension */
};

static const char replacement[] = "\xef\xbf\xbd"; /* what text_show puts */

/* Where the extension begins (its dot); the end when there is none. */
static const char *extension_of(const char *name)
{
    const char *dot = strrchr(name, '.');
    const char *end = name + strlen(name);
    return dot && dot != name && end - dot <= EXTENSION_BYTES_MAX ? dot : end;
}

/* Underscores for what cannot be shown or is forbidden somewhere. */
static void replace_forbidden(char *name)
{
    char *to = name;
    for (const char *from = name; *from;) {
        bool is_hidden = strncmp(from, replacement, sizeof replacement - 1) == 0;
        bool is_forbidden = is_hidden || strchr("/\\<>:\"|?*", *from);
        *to = *from;
        if (is_forbidden)
            *to = '_';
        to++;
        from += is_hidden ? sizeof replacement - 1 : 1;
    }
    *to = '\0';
}

static void trim(char *name)
{
    size_t start = strspn(name, " ");
    size_t size = strlen(name + start);
    memmove(name, name + start, size + 1);
    while (size && (name[size - 1] == ' ' || name[size - 1] == '.'))
        name[--size] = '\0';
}

/* Shortens the stem to whole code points and keeps the extension; what then ends badly is cut. */
static void shorten(char *name, size_t most)
{
    const char *extension = extension_of(name);
    size_t ending = strlen(extension);
    size_t stem = (size_t)(extension - name);
    size_t room = most - ending;
    if (stem <= room)
        return;
    while (room && ((unsigned char)name[room] & 0xc0) == 0x80)
        room--;
    memmove(name + room, extension, ending + 1);
    trim(name);
}

/* The first word of the name is a device of Windows, whatever stands behind its dot. */
static bool is_device(const char *name)
{
    static const char *const words[] = {"con", "prn", "aux", "nul", "conin$", "conout$"};
    static const char *const numbered[] = {"com", "lpt"};
    static const char *const digits[] = {"\xc2\xb9", "\xc2\xb2", "\xc2\xb3"}; /* superscripts too */
    size_t length = strcspn(name, ".");
    while (length && name[length - 1] == ' ')
        length--;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i]) == length && strncasecmp(words[i], name, length) == 0)
            return true;
    if (strncasecmp(name, numbered[0], 3) != 0 && strncasecmp(name, numbered[1], 3) != 0)
        return false;
    for (size_t i = 0; i < sizeof digits / sizeof digits[0]; i++)
        if (length == 5 && strncmp(name + 3, digits[i], 2) == 0)
            return true;
    return length == 4 && name[3] >= '0' && name[3] <= '9';
}

void file_name_safe(struct span name, char out[static FILE_NAME_SAFE_BYTES_MAX + 1])
{
    char work[3 * NAME_BYTES_MAX + 1] = "";
    struct buffer shown DEFER(buffer_free) = BUFFER(3 * NAME_BYTES_MAX);
    if (text_show(span_slice(name, 0, NAME_BYTES_MAX), false, &shown) == SM_OK && shown.size)
        memcpy(work, shown.bytes, shown.size);
    replace_forbidden(work);
    trim(work);
    shorten(work, FILE_NAME_SAFE_BYTES_MAX);
    bool is_prefixed = !*work || strchr(".-~", *work) || is_device(work);
    shorten(work, FILE_NAME_SAFE_BYTES_MAX - is_prefixed);
    out[0] = '_';
    memcpy(out + is_prefixed, work, strlen(work) + 1);
}

void file_name_numbered(const char *safe, unsigned number, char out[static FILE_NAME_BYTES + 1])
{
    const char *extension = extension_of(safe);
    char suffix[16] = "";
    if (number > 1)
        (void)snprintf(suffix, sizeof suffix, " (%u)", number);
    (void)snprintf(
        out, FILE_NAME_BYTES + 1, "%.*s%s%s", (int)(extension - safe), safe, suffix, extension);
}
