/*
 * Enough of both formats to know that the file is one, whole, and of sensible size; decoding is the
 * browser's, which has a sandbox for it.
 */
#include "services/crypto/logo.h"

#include "base/log.h"
#include "base/secret.h"
#include "envelope/kdf.h"
#include "proto/limits.h"
#include "services/crypto/keep.h"

#include <string.h>

/* clang-format off */
static const struct statement
    read_one = {"logo_read", "SELECT image FROM vault.organisation_logo WHERE organisation = $1"},
    write_one = {"logo_write",
        "INSERT INTO vault.organisation_logo (organisation, image) VALUES ($1, $2)"
        " ON CONFLICT (organisation) DO UPDATE SET image = excluded.image"},
    remove_one = {"logo_remove", "DELETE FROM vault.organisation_logo WHERE organisation = $1"};
/* clang-format on */

static bool has_bytes(struct span image, size_t at, struct span expected)
{
    return image.size >= at + expected.size &&
           memcmp(image.at + at, expected.at, expected.size) == 0;
}

static uint64_t number_at(struct span image, size_t at, size_t size)
{
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++)
        number = number << 8 | image.at[at + i];
    return number;
}

static bool is_side(uint64_t pixels)
{
    return pixels >= 1 && pixels <= LOGO_SIDE_MAX;
}

/* Signature, IHDR first, IEND last. */
static bool is_png(struct span image)
{
    static const uint8_t head[] = {
        0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13, 'I', 'H', 'D', 'R'};
    static const uint8_t tail[] = {0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82};
    enum { WIDTH_AT = 16, HEIGHT_AT = 20, HEAD_BYTES = 33 };
    return image.size >= HEAD_BYTES + sizeof tail && has_bytes(image, 0, SPAN(head)) &&
           is_side(number_at(image, WIDTH_AT, 4)) && is_side(number_at(image, HEIGHT_AT, 4)) &&
           has_bytes(image, image.size - sizeof tail, SPAN(tail));
}

/* A start-of-frame marker: C0 to CF without the tables and the reserved one. */
static bool is_frame_marker(uint8_t marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

/* Start of image, segments up to the frame's size, end of image. */
static bool is_jpeg(struct span image)
{
    static const uint8_t head[] = {0xff, 0xd8, 0xff};
    static const uint8_t tail[] = {0xff, 0xd9};
    enum { SEGMENT_BYTES = 9 }; /* marker, length, precision, height, width */
    if (!has_bytes(image, 0, SPAN(head)) || image.size < 4 ||
        !has_bytes(image, image.size - 2, SPAN(tail)))
        return false;
    for (size_t at = 2; at + SEGMENT_BYTES <= image.size && image.at[at] == 0xff;) {
        uint64_t length = number_at(image, at + 2, 2);
        if (is_frame_marker(image.at[at + 1]))
            return is_side(number_at(image, at + 5, 2)) && is_side(number_at(image, at + 7, 2));
        if (length < 2)
            return false;
        at += 2 + length;
    }
    return false;
}

bool logo_is_good(struct span image)
{
    return image.size <= LOGO_BYTES_MAX && (is_png(image) || is_jpeg(image));
}

enum sm_error logo_save(const struct worker *worker, struct arena *arena, struct span image,
    struct organisation *organisation)
{
    uint8_t digest[KDF_SHA256_BYTES];
    if (image.size == 0) {
        organisation->logo_digest = span_of(NULL, 0);
        return DB_RUN(worker->db, &remove_one, NULL, db_id(&organisation->organisation));
    }
    TRY(kdf_sha256(image, digest));
    TRY(keep_span(arena, SPAN(digest), &organisation->logo_digest));
    return DB_RUN(
        worker->db, &write_one, NULL, db_id(&organisation->organisation), db_bytes(image));
}

enum sm_error logo_load(const struct worker *worker, struct arena *arena,
    const struct organisation *organisation, struct span *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    uint8_t digest[KDF_SHA256_BYTES];
    struct span image = {0};
    *out = span_of(NULL, 0);
    if (organisation->logo_digest.size == 0)
        return SM_OK;
    TRY(DB_RUN(worker->db, &read_one, &rows, db_id(&organisation->organisation)));
    if (db_rows_count(rows) == 1)
        TRY(db_read_bytes(rows, 0, 0, LOGO_BYTES_MAX, &image));
    TRY(kdf_sha256(image, digest));
    if (!secret_equal(SPAN(digest), organisation->logo_digest)) {
        log_line(LOG_ERROR, "logo-altered", "organisation",
            id_text(organisation->organisation).text, NULL);
        return SM_OK;
    }
    return keep_span(arena, image, out);
}
