/*
 * Uploads by tus 1.0 (https://tus.io/protocols/resumable-upload), as a client: one upload a part,
 * appended block by block. A block whose connection broke is taken up where the server stands.
 */
#ifndef SM_CLI_TUS_H
#define SM_CLI_TUS_H

#include "cli/server.h"

struct tus_upload {
    const char *capability;
    size_t part;
    uint64_t length; /* of the whole upload */
    uint64_t offset; /* that the server has */
    char path[128];  /* set by tus_create */
};

SM_MUST_USE enum sm_error tus_create(struct server *server, struct tus_upload *upload);

/* Appends at upload->offset; returns when the server has all of `bytes`. */
SM_MUST_USE enum sm_error tus_append(
    struct server *server, struct tus_upload *upload, struct span bytes);

#endif
