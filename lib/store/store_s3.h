/*
 * The object store in a bucket of an S3-compatible server:
 *
 *     <message id>/<part>/<upload id>/<block>     bytes, as they arrived (block.h)
 *     <message id>/<part>/whole                   the list of the blocks that are the object
 *
 * Each appended piece is a block, stored before it counts: what a client was told to have arrived
 * has arrived, whichever gateway asks next. An object is there from the moment its list is. All of
 * a message lies under its id, so "all that is left of it" is one prefix and needs no database, and
 * retention, which lists and deletes only, needs no right to read.
 *
 * The server must list what it has stored at once (as S3 does since 2020, and MinIO, Ceph and their
 * like), and must not keep versions of what is deleted.
 */
#ifndef SM_STORE_STORE_S3_H
#define SM_STORE_STORE_S3_H

#include "store/s3_options.h"
#include "store/store.h"

/* SM_CONFIG when an option is not understood or the server refuses it; that the server does not
 * answer now is only logged. Keeps copies of the options; the caller owns *out. */
SM_MUST_USE enum sm_error store_s3_open(const struct s3_options *options, struct store **out);

#endif
