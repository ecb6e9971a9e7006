/* The address, and the certificate's files read whole. */
#include "services/gateway/listen.h"

#include "base/log.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>

enum { READ_BYTES = 4096 };

void listen_facts_free(struct listen_facts *facts)
{
    buffer_free(&facts->certificate);
    buffer_free(&facts->key);
}

static enum sm_error fault(const char *value, const char *cause)
{
    log_line(LOG_ERROR, "http-listen", "value", value, "cause", cause, NULL);
    return SM_CONFIG;
}

static enum sm_error read_address(const char *listen, struct listen_facts *out)
{
    if (address_read(listen, &out->address) != SM_OK)
        return fault(listen, "SECURE_MAIL_HTTP_LISTEN is address:port, e.g. 127.0.0.1:8480");
    out->is_ipv6 = out->address.any.sa_family == AF_INET6;
    return SM_OK;
}

static void file_close(FILE **file)
{
    if (*file)
        (void)fclose(*file);
}

static enum sm_error read_file(const char *name, struct buffer *out)
{
    char block[READ_BYTES];
    FILE *file DEFER(file_close) = fopen(name, "re");
    if (!file)
        return fault(name, "the file cannot be read");
    for (size_t got; (got = fread(block, 1, sizeof block, file)) > 0;)
        if (buffer_append(out, span_of(block, got)) != SM_OK)
            return fault(name, "the file is too large");
    explicit_bzero(block, sizeof block);
    return ferror(file) || out->size == 0 ? fault(name, "the file cannot be read") : SM_OK;
}

enum sm_error listen_read(
    const char *listen, const char *certificate, const char *key, struct listen_facts *out)
{
    if ((*certificate == '\0') != (*key == '\0'))
        return fault(*key ? key : certificate,
            "SECURE_MAIL_TLS_CERTIFICATE and SECURE_MAIL_TLS_KEY belong together: set both or none");
    TRY(read_address(listen, out));
    if (*certificate == '\0')
        return SM_OK;
    TRY(read_file(certificate, &out->certificate));
    return read_file(key, &out->key);
}
