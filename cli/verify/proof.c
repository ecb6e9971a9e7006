/* Hashes, the tree, and notes. A failure of libcrypto itself ends the program: nothing is verified.
 */
#include "cli/verify/proof.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_ID_BYTES = 4, SIGNED_BYTES = KEY_ID_BYTES + PROOF_SIGNATURE_BYTES };
enum { NOTE_LINES = 5 }; /* origin, size, root, the empty one, one signature */

/* --- hashes --- */

struct piece {
    const void *at;
    size_t size;
};

/* Kept for the whole run: to look a hash up by its name costs more than to hash an entry. */
static EVP_MD_CTX *hasher(void)
{
    static EVP_MD_CTX *context;
    bool is_fresh = context == NULL;
    if (is_fresh)
        context = EVP_MD_CTX_new();
    if (!context || !EVP_DigestInit_ex(context, is_fresh ? EVP_sha256() : NULL, NULL))
        abort();
    return context;
}

static struct proof_hash hash_of(const struct piece *pieces, size_t count)
{
    struct proof_hash hash;
    EVP_MD_CTX *context = hasher();
    int good = 1;
    for (size_t i = 0; good && i < count; i++)
        good = EVP_DigestUpdate(context, pieces[i].at, pieces[i].size);
    if (!good || !EVP_DigestFinal_ex(context, hash.bytes, NULL))
        abort();
    return hash;
}

struct proof_hash proof_entry(struct slice entry)
{
    static const char domain[] = "securemail/1 entry"; /* its NUL is the 00 */
    return hash_of((const struct piece[]){{domain, sizeof domain}, {entry.at, entry.size}}, 2);
}

struct proof_hash proof_commitment(
    const uint8_t salt[static PROOF_HASH_BYTES], const char *name, const char *value)
{
    static const char domain[] = "securemail/1 commitment";
    size_t size = strlen(name);
    const uint8_t length[4] = {
        (uint8_t)(size >> 24), (uint8_t)(size >> 16), (uint8_t)(size >> 8), (uint8_t)size};
    return hash_of((const struct piece[]){{domain, sizeof domain - 1}, {salt, PROOF_HASH_BYTES},
                       {length, sizeof length}, {name, size}, {value, strlen(value)}},
        5);
}

bool proof_equal(const struct proof_hash *a, const struct proof_hash *b)
{
    return memcmp(a->bytes, b->bytes, PROOF_HASH_BYTES) == 0;
}

/* --- the tree --- */

static struct proof_hash node_of(const struct proof_hash *left, const struct proof_hash *right)
{
    static const uint8_t one = 1;
    return hash_of((const struct piece[]){{&one, 1}, {left->bytes, PROOF_HASH_BYTES},
                       {right->bytes, PROOF_HASH_BYTES}},
        3);
}

static struct proof_hash leaf_of(struct slice entry)
{
    static const uint8_t zero = 0;
    return hash_of((const struct piece[]){{&zero, 1}, {entry.at, entry.size}}, 2);
}

/* The last peak is about to join with what is right of it, which holds the path's entry or not. */
static void path_join(struct proof_tree *tree, const struct proof_hash *right, bool *is_right)
{
    struct proof_path *path = tree->path;
    size_t last = tree->peaks_count - 1;
    if (*is_right)
        path->siblings[path->count++] = tree->peaks[last];
    else if (tree->size >= path->seq && path->peak == last) {
        path->siblings[path->count++] = *right;
        *is_right = true;
    }
}

/* As many peaks join as the old size has trailing ones. */
void proof_tree_add(struct proof_tree *tree, struct slice entry)
{
    struct proof_hash fresh = leaf_of(entry);
    bool is_ours = tree->path && tree->path->seq == tree->size + 1;
    for (uint64_t size = tree->size; size & 1; size >>= 1) {
        if (tree->path)
            path_join(tree, &fresh, &is_ours);
        fresh = node_of(&tree->peaks[--tree->peaks_count], &fresh);
    }
    if (is_ours)
        tree->path->peak = tree->peaks_count;
    tree->peaks[tree->peaks_count++] = fresh;
    tree->size++;
}

void proof_tree_finish_path(struct proof_tree *tree)
{
    struct proof_hash right = tree->peaks[tree->peaks_count - 1];
    bool is_ours = tree->path->peak == tree->peaks_count - 1;
    while (tree->peaks_count > 1) {
        tree->peaks_count--;
        const struct proof_hash *left = &tree->peaks[tree->peaks_count - 1];
        bool is_left = tree->path->peak == tree->peaks_count - 1;
        if (is_ours)
            tree->path->siblings[tree->path->count++] = *left;
        else if (is_left)
            tree->path->siblings[tree->path->count++] = right;
        is_ours = is_ours || is_left;
        right = node_of(left, &right);
    }
}

bool proof_path_root(
    const struct proof_path *path, struct slice entry, uint64_t size, struct proof_hash *out)
{
    uint64_t place = path->seq - 1;
    uint64_t last = size - 1;
    if (path->seq == 0 || path->seq > size)
        return false;
    *out = leaf_of(entry);
    for (size_t i = 0; i < path->count; i++, place >>= 1, last >>= 1) {
        if (last == 0)
            return false;
        bool is_right = (place & 1) || place == last;
        *out = is_right ? node_of(&path->siblings[i], out) : node_of(out, &path->siblings[i]);
        for (; is_right && !(place & 1) && place != 0; last >>= 1)
            place >>= 1;
    }
    return last == 0;
}

struct proof_hash proof_tree_root(const struct proof_tree *tree)
{
    if (tree->peaks_count == 0)
        return hash_of(NULL, 0);
    struct proof_hash root = tree->peaks[tree->peaks_count - 1];
    for (size_t i = tree->peaks_count - 1; i-- > 0;)
        root = node_of(&tree->peaks[i], &root);
    return root;
}

/* --- notes --- */

/* Exactly `wanted` bytes. Bytes have one spelling: libcrypto would pass over white space and stray
 * bits. */
static bool decode64(const char *text, size_t size, uint8_t *out, size_t wanted)
{
    uint8_t room[PROOF_NOTE_MAX];
    uint8_t again[PROOF_NOTE_MAX + 1];
    if (size != (wanted + 2) / 3 * 4 || size >= sizeof room ||
        EVP_DecodeBlock(room, (const uint8_t *)text, (int)size) < (int)wanted)
        return false;
    (void)EVP_EncodeBlock(again, room, (int)wanted);
    if (memcmp(again, text, size) != 0)
        return false;
    memcpy(out, room, wanted);
    return true;
}

bool proof_is_signed(struct slice text, const uint8_t public_key[static PROOF_HASH_BYTES],
    const uint8_t signature[static PROOF_SIGNATURE_BYTES])
{
    EVP_PKEY *key =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, PROOF_HASH_BYTES);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_good = key && context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
                   EVP_DigestVerify(context, signature, PROOF_SIGNATURE_BYTES,
                       (const uint8_t *)text.at, text.size) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return is_good;
}

/* SHA-256(name || 0A || 01 || public key): its first 4 bytes are the key id. */
static struct proof_hash key_hash(
    const char *name, const uint8_t public_key[static PROOF_HASH_BYTES])
{
    return hash_of(
        (const struct piece[]){{name, strlen(name)}, {"\n\x01", 2}, {public_key, PROOF_HASH_BYTES}},
        3);
}

/* Which key a signature line is of. */
static bool has_key_id(
    const char *name, const uint8_t public_key[static PROOF_HASH_BYTES], const uint8_t *id)
{
    struct proof_hash hash = key_hash(name, public_key);
    return memcmp(hash.bytes, id, KEY_ID_BYTES) == 0;
}

bool proof_note_key_is(
    struct slice value, const char *origin, const uint8_t public_key[static PROOF_HASH_BYTES])
{
    enum { ENCODED_BYTES = (1 + PROOF_HASH_BYTES + 2) / 3 * 4 + 1 };
    char expected[PROOF_NOTE_MAX];
    uint8_t key[1 + PROOF_HASH_BYTES] = {1};
    uint8_t encoded[ENCODED_BYTES];
    struct proof_hash id = key_hash(origin, public_key);
    memcpy(key + 1, public_key, PROOF_HASH_BYTES);
    (void)EVP_EncodeBlock(encoded, key, sizeof key);
    (void)snprintf(expected, sizeof expected, "%s+%02x%02x%02x%02x+%s", origin, id.bytes[0],
        id.bytes[1], id.bytes[2], id.bytes[3], (const char *)encoded);
    return slice_text_is(value, expected);
}

/* Both roots grow along the hashes that lie left of the older tree's end; those right of it belong
 * to the newer one alone. `place` counts in subtrees of the size that has been reached. */
bool proof_extends(const struct proof_note *older, const struct proof_note *newer,
    const struct proof_extension *extension)
{
    uint64_t place = older->size - 1;
    uint64_t last = newer->size - 1;
    size_t used = 0;
    if (older->size == 0 || older->size > newer->size)
        return false;
    if (older->size == newer->size)
        return extension->count == 0 && proof_equal(&older->root, &newer->root);
    for (; place & 1; place >>= 1)
        last >>= 1;
    if (place > 0 && extension->count == 0)
        return false;
    struct proof_hash before = place > 0 ? extension->hashes[used++] : older->root;
    struct proof_hash now = before;
    for (; used < extension->count && last > 0; used++, place >>= 1, last >>= 1) {
        const struct proof_hash *next = &extension->hashes[used];
        bool is_left = (place & 1) || place == last;
        if (is_left)
            before = node_of(next, &before);
        now = is_left ? node_of(next, &now) : node_of(&now, next);
        for (; is_left && !(place & 1) && place > 0; last >>= 1)
            place >>= 1;
    }
    return used == extension->count && last == 0 && proof_equal(&before, &older->root) &&
           proof_equal(&now, &newer->root);
}

/* Cuts one line off; false at the end of the text. */
static bool take_line(const char **text, char *out, size_t room)
{
    const char *end = strchr(*text, '\n');
    if (!end || (size_t)(end - *text) >= room)
        return false;
    memcpy(out, *text, (size_t)(end - *text));
    out[end - *text] = '\0';
    *text = end + 1;
    return true;
}

static bool read_size(const char *text, uint64_t *out)
{
    return slice_number((struct slice){text, strlen(text)}, out);
}

/* The signature line: em dash, space, name, space, base64(key id || signature). */
static bool signature_matches(const char *line, const struct proof_note *note, struct slice body,
    const uint8_t public_key[static PROOF_HASH_BYTES])
{
    static const char dash[] = "\xe2\x80\x94 ";
    uint8_t signature[SIGNED_BYTES];
    size_t name = strlen(note->origin);
    if (strncmp(line, dash, sizeof dash - 1) != 0)
        return false;
    line += sizeof dash - 1;
    if (strncmp(line, note->origin, name) != 0 || line[name] != ' ')
        return false;
    const char *encoded = line + name + 1;
    return decode64(encoded, strlen(encoded), signature, sizeof signature) &&
           has_key_id(note->origin, public_key, signature) &&
           proof_is_signed(body, public_key, signature + KEY_ID_BYTES);
}

bool proof_note_read(
    const char *text, const uint8_t public_key[static PROOF_HASH_BYTES], struct proof_note *out)
{
    char line[PROOF_NOTE_MAX];
    const char *at = text;
    if (!take_line(&at, out->origin, sizeof out->origin) || !take_line(&at, line, sizeof line) ||
        !read_size(line, &out->size) || !take_line(&at, line, sizeof line) ||
        !decode64(line, strlen(line), out->root.bytes, PROOF_HASH_BYTES))
        return false;
    struct slice body = {text, (size_t)(at - text)};
    if (!take_line(&at, line, sizeof line) || *line != '\0')
        return false;
    while (take_line(&at, line, sizeof line))
        if (signature_matches(line, out, body, public_key))
            return true;
    return false;
}

bool proof_note_is_alone(const char *text)
{
    char line[PROOF_NOTE_MAX];
    size_t lines = 0;
    while (take_line(&text, line, sizeof line))
        lines++;
    return lines == NOTE_LINES && *text == '\0';
}
