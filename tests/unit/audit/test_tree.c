/*
 * The Merkle tree and its proofs against the reference vectors of RFC 6962, and against trees built
 * the plain way, by the recursion of the standard itself.
 */
#include "services/audit/proof.h"

#include "base/encode.h"
#include "base/memory.h"
#include "tests/support/check.h"
#include "tests/support/vectors.h"

#include <stdio.h>

enum { LEAVES_MAX = 40, PROOF_MAX = 16 };

static struct hash hash_of_hex(const char *text)
{
    struct hash hash;
    assert_ok(hex_decode(span_text(text), hash.bytes, sizeof hash.bytes));
    return hash;
}

static void assert_hash(const struct hash *got, const char *expected)
{
    assert_string_equal(hash_text(got).text, expected);
}

/* --- facts --- */

/* The leaves and roots of the reference tree of github.com/transparency-dev/merkle (testonly),
 * which are those of the certificate-transparency project. */
static const struct {
    const char *leaf, *root; /* of the tree that ends with this leaf */
} reference[] = {
    {"", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
    {"00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
    {"10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
    {"2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
    {"3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
    {"40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
    {"5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
    {"606162636465666768696a6b6c6d6e6f",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
};

static void the_reference_tree_has_its_roots(void **state)
{
    struct tree tree = {0};
    struct hash root;
    (void)state;
    assert_ok(tree_root(&tree, &root));
    assert_hash(&root, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (size_t i = 0; i < sizeof reference / sizeof reference[0]; i++) {
        uint8_t leaf[16];
        size_t size = strlen(reference[i].leaf) / 2;
        assert_ok(hex_decode(span_text(reference[i].leaf), leaf, size));
        assert_ok(tree_add(&tree, span_of(leaf, size)));
        assert_ok(tree_root(&tree, &root));
        assert_hash(&root, reference[i].root);
    }
}

/* One of each of the vectors, so that they are here where the file is missing. */
static void a_reference_proof_of_inclusion_holds(void **state)
{
    (void)state;
    const struct hash leaf =
        hash_of_hex("4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658");
    const struct hash root =
        hash_of_hex("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
    const struct hash path[] = {
        hash_of_hex("bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"),
        hash_of_hex("ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"),
        hash_of_hex("d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7")};
    const struct proof proof = {path, 3};
    assert_ok(proof_check_inclusion(&leaf, 5, 8, proof, &root));
    assert_error(proof_check_inclusion(&leaf, 4, 8, proof, &root), SM_TAMPERED);
    assert_error(proof_check_inclusion(&leaf, 5, 9, proof, &root), SM_TAMPERED);
}

static void a_reference_proof_of_consistency_holds(void **state)
{
    (void)state;
    const struct tree_head older = {
        2, hash_of_hex("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125")};
    const struct tree_head newer = {
        5, hash_of_hex("4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4")};
    const struct hash path[] = {
        hash_of_hex("5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"),
        hash_of_hex("bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b")};
    assert_ok(proof_check_consistency(&older, &newer, (struct proof){path, 2}));
    assert_error(proof_check_consistency(&older, &newer, (struct proof){path, 1}), SM_TAMPERED);
    assert_error(proof_check_consistency(&newer, &older, (struct proof){path, 2}), SM_TAMPERED);
}

/* --- the published vectors --- */

/* False for what is no hash at all: our types cannot hold it, so the proof is refused before. A
 * shorter text is filled up with zeros (the file has "don't care" for roots that are only
 * compared).
 */
static bool read_hash(const char *text, struct hash *out)
{
    struct buffer bytes DEFER(buffer_free) = BUFFER(64);
    assert_ok(base64_decode(span_text(text), &bytes));
    *out = (struct hash){{0}};
    if (bytes.size == 0 || bytes.size > sizeof out->bytes)
        return false;
    memcpy(out->bytes, bytes.bytes, bytes.size);
    return true;
}

static bool read_proof(const struct vector *vector, struct hash *path, struct proof *out)
{
    const struct vector *list = vector_member(vector, "proof");
    bool is_read = true;
    assert_true(vector_count(list) <= PROOF_MAX);
    for (size_t i = 0; i < vector_count(list); i++)
        is_read = is_read && read_hash(vector_string(vector_item(list, i)), &path[i]);
    *out = (struct proof){path, vector_count(list)};
    return is_read;
}

static bool holds_inclusion(const struct vector *vector)
{
    struct hash path[PROOF_MAX];
    struct hash root;
    struct hash leaf;
    struct proof proof;
    return read_proof(vector, path, &proof) && read_hash(vector_text(vector, "root"), &root) &&
           read_hash(vector_text(vector, "leafHash"), &leaf) &&
           proof_check_inclusion(&leaf, vector_number(vector, "leafIdx"),
               vector_number(vector, "treeSize"), proof, &root) == SM_OK;
}

static bool holds_consistency(const struct vector *vector)
{
    struct hash path[PROOF_MAX];
    struct tree_head older = {.size = vector_number(vector, "size1")};
    struct tree_head newer = {.size = vector_number(vector, "size2")};
    struct proof proof;
    return read_proof(vector, path, &proof) &&
           read_hash(vector_text(vector, "root1"), &older.root) &&
           read_hash(vector_text(vector, "root2"), &newer.root) &&
           proof_check_consistency(&older, &newer, proof) == SM_OK;
}

static void run_vectors(const char *list, bool (*holds)(const struct vector *))
{
    const struct vector *file = vectors_or_skip("rfc6962_proofs.json");
    const struct vector *all = vector_member(file, list);
    assert_true(vector_count(all) > 90);
    for (size_t i = 0; i < vector_count(all); i++) {
        const struct vector *vector = vector_item(all, i);
        if (holds(vector) == vector_flag(vector, "wantErr"))
            fail_msg("%s vector %zu: %s", list, i, vector_text(vector, "desc"));
    }
    vectors_free(file);
}

static void the_published_proofs_of_inclusion_are_told_apart(void **state)
{
    (void)state;
    run_vectors("inclusion", holds_inclusion);
}

static void the_published_proofs_of_consistency_are_told_apart(void **state)
{
    (void)state;
    run_vectors("consistency", holds_consistency);
}

/* --- against the standard's own recursion --- */

static struct hash leaves[LEAVES_MAX];

static void make_leaves(void)
{
    for (size_t i = 0; i < LEAVES_MAX; i++) {
        char text[16];
        (void)snprintf(text, sizeof text, "leaf %zu", i);
        assert_ok(tree_leaf(span_text(text), &leaves[i]));
    }
}

/* The largest power of two below `size`. */
static size_t split(size_t size)
{
    size_t left = 1;
    while (2 * left < size)
        left *= 2;
    return left;
}

static struct hash plain_root(size_t from, size_t size)
{
    if (size == 1)
        return leaves[from];
    size_t left_size = split(size);
    struct hash left = plain_root(from, left_size);
    struct hash right = plain_root(from + left_size, size - left_size);
    assert_ok(tree_node(&left, &right, &left));
    return left;
}

static size_t plain_path(size_t index, size_t from, size_t size, struct hash *out)
{
    if (size == 1)
        return 0;
    size_t left = split(size);
    bool is_left = index < left;
    size_t count = is_left ? plain_path(index, from, left, out)
                           : plain_path(index - left, from + left, size - left, out);
    out[count] = is_left ? plain_root(from + left, size - left) : plain_root(from, left);
    return count + 1;
}

/* SUBPROOF of RFC 6962 section 2.1.2. */
static size_t plain_proof(size_t older, size_t from, size_t size, bool is_known, struct hash *out)
{
    if (older == size) {
        if (!is_known)
            *out = plain_root(from, size);
        return is_known ? 0 : 1;
    }
    size_t left = split(size);
    bool is_left = older <= left;
    size_t count = is_left ? plain_proof(older, from, left, is_known, out)
                           : plain_proof(older - left, from + left, size - left, false, out);
    out[count] = is_left ? plain_root(from + left, size - left) : plain_root(from, left);
    return count + 1;
}

static void the_root_is_that_of_the_standard_s_recursion(void **state)
{
    struct tree tree = {0};
    (void)state;
    make_leaves();
    for (size_t size = 1; size <= LEAVES_MAX; size++) {
        char text[16];
        struct hash root;
        (void)snprintf(text, sizeof text, "leaf %zu", size - 1);
        assert_ok(tree_add(&tree, span_text(text)));
        assert_ok(tree_root(&tree, &root));
        struct hash plain = plain_root(0, size);
        assert_true(hash_equal(&root, &plain));
    }
}

static void every_leaf_is_shown_and_no_changed_proof_shows_it(void **state)
{
    (void)state;
    make_leaves();
    for (size_t size = 1; size <= LEAVES_MAX; size++)
        for (size_t index = 0; index < size; index++) {
            struct hash path[PROOF_MAX] = {{{0}}};
            struct hash root = plain_root(0, size);
            struct proof proof = {path, plain_path(index, 0, size, path)};
            assert_ok(proof_check_inclusion(&leaves[index], index, size, proof, &root));
            for (size_t i = 0; i < proof.count; i++) {
                path[i].bytes[i] ^= 1;
                assert_error(
                    proof_check_inclusion(&leaves[index], index, size, proof, &root), SM_TAMPERED);
                path[i].bytes[i] ^= 1;
            }
            proof.count++;
            assert_error(
                proof_check_inclusion(&leaves[index], index, size, proof, &root), SM_TAMPERED);
        }
}

static void every_prefix_is_shown_and_no_changed_proof_shows_it(void **state)
{
    (void)state;
    make_leaves();
    for (size_t size = 2; size <= LEAVES_MAX; size++)
        for (size_t older = 1; older < size; older++) {
            struct hash path[PROOF_MAX] = {{{0}}};
            struct tree_head first = {older, plain_root(0, older)};
            struct tree_head second = {size, plain_root(0, size)};
            struct proof proof = {path, plain_proof(older, 0, size, true, path)};
            assert_ok(proof_check_consistency(&first, &second, proof));
            for (size_t i = 0; i < proof.count; i++) {
                path[i].bytes[i] ^= 1;
                assert_error(proof_check_consistency(&first, &second, proof), SM_TAMPERED);
                path[i].bytes[i] ^= 1;
            }
            first.root.bytes[31] ^= 1;
            assert_error(proof_check_consistency(&first, &second, proof), SM_TAMPERED);
        }
}

/* --- peaks --- */

static void a_tree_goes_on_from_its_stored_peaks(void **state)
{
    struct tree tree = {0};
    (void)state;
    for (size_t size = 0; size < LEAVES_MAX; size++) {
        struct tree restored;
        assert_ok(tree_restore(tree.size, tree_peaks(&tree), &restored));
        assert_ok(tree_add(&tree, span_text("x")));
        assert_ok(tree_add(&restored, span_text("x")));
        assert_true(span_equal(tree_peaks(&tree), tree_peaks(&restored)));
    }
}

static void peaks_that_do_not_fit_their_size_are_refused(void **state)
{
    static const uint8_t bytes[64 * 32] = {0};
    struct tree tree;
    (void)state;
    assert_error(tree_restore(3, span_of(bytes, 32), &tree), SM_BAD_FORMAT);
    assert_error(tree_restore(3, span_of(bytes, 65), &tree), SM_BAD_FORMAT);
    assert_error(tree_restore(UINT64_MAX, span_of(bytes, 64 * 32), &tree), SM_BAD_FORMAT);
    assert_ok(tree_restore(INT64_MAX, span_of(bytes, 63 * 32), &tree));
    assert_error(tree_add(&tree, span_text("x")), SM_TOO_LARGE);
}

static void an_entry_over_its_limit_is_no_leaf(void **state)
{
    static const uint8_t bytes[AUDIT_ENTRY_BYTES_MAX + 1] = {0};
    struct tree tree = {0};
    (void)state;
    assert_error(tree_add(&tree, SPAN(bytes)), SM_TOO_LARGE);
    assert_int_equal(tree.size, 0);
    assert_ok(tree_add(&tree, span_of(bytes, AUDIT_ENTRY_BYTES_MAX)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_tree_has_its_roots),
        cmocka_unit_test(a_reference_proof_of_inclusion_holds),
        cmocka_unit_test(a_reference_proof_of_consistency_holds),
        cmocka_unit_test(the_published_proofs_of_inclusion_are_told_apart),
        cmocka_unit_test(the_published_proofs_of_consistency_are_told_apart),
        cmocka_unit_test(the_root_is_that_of_the_standard_s_recursion),
        cmocka_unit_test(every_leaf_is_shown_and_no_changed_proof_shows_it),
        cmocka_unit_test(every_prefix_is_shown_and_no_changed_proof_shows_it),
        cmocka_unit_test(a_tree_goes_on_from_its_stored_peaks),
        cmocka_unit_test(peaks_that_do_not_fit_their_size_are_refused),
        cmocka_unit_test(an_entry_over_its_limit_is_no_leaf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
