/*
 * A message (or reply) on its way out: made here, sealed here, uploaded part by part. The message
 * key is made in parcel_new and leaves only inside a sealed request. Memory stays flat whatever the
 * size of a file: it is read, sealed and sent in blocks, and a broken connection goes on where it
 * was.
 */
#ifndef SM_CLI_PARCEL_H
#define SM_CLI_PARCEL_H

#include "base/secret.h"
#include "cli/server.h"
#include "envelope/chunked.h"
#include "envelope/manifest.h"

struct parcel {
    struct id organisation, message;
    enum direction direction;
    struct secret *key; /* K */
    struct part_facts parts[PARTS_MAX];
    uint8_t commitments[PARTS_MAX][COMMITMENT_BYTES];
    uint8_t hashes[PARTS_MAX][SHA256_BYTES];
    struct manifest_attachment attachments[ATTACHMENTS_MAX];
    size_t attachments_count;
    struct buffer subject_sealed;
};

/* New key and message id. */
SM_MUST_USE enum sm_error parcel_new(
    struct id organisation, enum direction direction, struct parcel *out);
void parcel_free(struct parcel *parcel);

struct parcel_content {
    struct span subject, body;
    const char *capability; /* upload, for this message */
    uint64_t attachment_bytes_max;
};

/* Uploads the files of --attach as parts 1.., then the header part; seals the subject. */
SM_MUST_USE enum sm_error parcel_upload(
    struct server *server, struct parcel *parcel, const struct parcel_content *content);

/* The parts for the sealed send or reply; lives as long as the parcel. */
struct list parcel_parts(const struct parcel *parcel);

#endif
