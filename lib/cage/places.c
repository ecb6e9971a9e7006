/* Hosts and ports out of what the settings say. */
#include "cage/places.h"

#include "base/memory.h"
#include "db/conninfo.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 512, PORT_MAX = 65535 };

bool cage_counts(const struct cage_place_list *places, enum cage_when when, bool is_ready)
{
    switch (when) {
    case CAGE_ALWAYS:
        return true;
    case CAGE_UNTIL_READY:
        return !is_ready;
    case CAGE_WITH_NAMES:
        return places->has_names;
    case CAGE_WITH_FILES:
        return !places->has_s3;
    case CAGE_WITH_S3:
        return places->has_s3;
    case CAGE_WITH_LOCAL_SOCKETS:
        return places->has_local_sockets;
    }
    return false;
}

/* --- ports and hosts --- */

static enum sm_error add_port(
    struct cage_place_list *places, enum cage_direction direction, const char *digits)
{
    char *end = NULL;
    unsigned long port = strtoul(digits, &end, 10);
    size_t *count = &places->ports_count[direction];
    if (end == digits || *end != '\0' || port > PORT_MAX)
        return SM_OK;
    if (*count == CAGE_PORTS_MAX)
        return SM_TOO_LARGE;
    places->ports[direction][(*count)++] = (uint16_t)port;
    return SM_OK;
}

static void add_host(struct cage_place_list *places, const char *host)
{
    uint8_t address[sizeof(struct in6_addr)];
    bool is_number = inet_pton(AF_INET, host, address) == 1 ||
                     inet_pton(AF_INET6, host, address) == 1 || strcmp(host, "*") == 0;
    if (!is_number)
        places->has_names = true;
}

/* "[::1]:25", "relay:25", "relay": cut in place. */
static enum sm_error add_authority(struct cage_place_list *places, enum cage_direction direction,
    char *text, const char *port_otherwise)
{
    char *port = strrchr(text, ':');
    char *bracket = strrchr(text, ']');
    if (port && bracket && port < bracket)
        port = NULL; /* that colon is the address's own */
    if (port)
        *port++ = '\0';
    if (bracket)
        *bracket = '\0';
    add_host(places, text + (bracket && *text == '['));
    return port || port_otherwise ? add_port(places, direction, port ? port : port_otherwise)
                                  : SM_OK;
}

/* --- one endpoint --- */

/* What begins so, and its port where none is given. */
static const struct scheme {
    const char *begin;
    bool is_local;
    const char *port_otherwise;
} schemes[] = {
    {"tcp://", false, NULL}, {"ipc://", true, NULL}, {"smtp://", false, "25"},
    {"smtps://", false, "465"}, {"https://", false, "443"}, {"http://", false, "80"},
    {"", false, NULL}, /* address:port */
};

static enum sm_error add_endpoint(
    struct cage_place_list *places, enum cage_direction direction, const char *text, size_t size)
{
    char endpoint[TEXT_BYTES] = "";
    const struct scheme *scheme = schemes;
    if (size == 0 || size >= sizeof endpoint)
        return SM_OK;
    memcpy(endpoint, text, size);
    while (strncmp(endpoint, scheme->begin, strlen(scheme->begin)) != 0)
        scheme++;
    if (scheme->is_local) {
        places->has_local_sockets |= direction == CAGE_CONNECTS;
        return SM_OK;
    }
    char *authority = endpoint + strlen(scheme->begin);
    authority[strcspn(authority, "/")] = '\0';
    return add_authority(places, direction, authority, scheme->port_otherwise);
}

static enum sm_error add_endpoints(
    struct cage_place_list *places, enum cage_direction direction, const char *text)
{
    for (;;) {
        size_t size = strcspn(text, ",");
        TRY(add_endpoint(places, direction, text, size));
        if (text[size] == '\0')
            return SM_OK;
        text += size + 1;
    }
}

/* --- the database --- */

static enum sm_error add_file(struct cage_place_list *places, const char *path)
{
    if (places->database_files_count == CAGE_PATHS_MAX)
        return SM_TOO_LARGE;
    char *copy = strdup(path);
    if (!copy)
        return SM_NO_MEMORY;
    places->database_files[places->database_files_count++] = copy;
    return SM_OK;
}

static enum sm_error add_database_place(void *context, enum db_place place, const char *text)
{
    struct cage_place_list *places = context;
    if (place == DB_PLACE_FILE)
        return add_file(places, text);
    if (place == DB_PLACE_PORT)
        return add_port(places, CAGE_CONNECTS, text);
    if (*text == '/' || *text == '@')
        places->has_local_sockets = true;
    else
        add_host(places, text);
    return SM_OK;
}

/* A service without a store has no such setting, and no row that asks. */
static bool has_s3(enum peer self, const struct settings *settings)
{
    return (self == PEER_GATEWAY || self == PEER_RETENTION) &&
           strcmp(settings_text(settings, SETTING_OBJECTS), "s3") == 0;
}

enum sm_error cage_places_read(
    enum peer self, const struct settings *settings, struct cage_place_list *out)
{
    struct cage_place_list places DEFER(cage_places_free) = {.has_s3 = has_s3(self, settings)};
    for (size_t i = 0; i < cage_ports_count; i++) {
        const struct cage_port *row = &cage_ports[i];
        if (!(row->services & (unsigned)self) || !cage_counts(&places, row->when, false))
            continue;
        const char *text = settings_text(settings, row->setting);
        if (row->setting == SETTING_DATABASE)
            TRY(db_conninfo_places(text, add_database_place, &places));
        else
            TRY(add_endpoints(&places, row->direction, text));
    }
    *out = places;
    places = (struct cage_place_list){0};
    return SM_OK;
}

void cage_places_free(struct cage_place_list *places)
{
    for (size_t i = 0; i < places->database_files_count; i++)
        free(places->database_files[i]);
    places->database_files_count = 0;
}
