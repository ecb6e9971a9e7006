/* The verifier's own hashes against published trees and against the examples of
 * docs/audit-format.md. */
#include "cli/verify/proof.h"

#include "base/encode.h"
#include "base/memory.h"
#include "tests/support/check.h"
#include "tests/support/vectors.h"

#include <stdio.h>

static void assert_hex(const struct proof_hash *hash, const char *expected)
{
    char text[2 * PROOF_HASH_BYTES + 1];
    hex_encode(SPAN(hash->bytes), text);
    assert_string_equal(text, expected);
}

/* The reference tree of github.com/transparency-dev/merkle (testonly): each leaf, and the root of
 * the tree that ends with it. */
static const struct {
    const char *leaf, *root;
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
enum { REFERENCE_LEAVES = sizeof reference / sizeof reference[0] };

/* The root of the first `size` reference leaves. */
static struct proof_hash reference_root(size_t size)
{
    struct proof_tree tree = {0};
    for (size_t i = 0; i < size; i++) {
        uint8_t leaf[16];
        size_t leaf_size = strlen(reference[i].leaf) / 2;
        assert_ok(hex_decode(span_text(reference[i].leaf), leaf, leaf_size));
        proof_tree_add(&tree, (struct slice){(const char *)leaf, leaf_size});
    }
    return proof_tree_root(&tree);
}

static void the_reference_tree_has_its_roots(void **state)
{
    (void)state;
    struct proof_hash root = reference_root(0);
    assert_hex(&root, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (size_t i = 0; i < REFERENCE_LEAVES; i++) {
        root = reference_root(i + 1);
        assert_hex(&root, reference[i].root);
    }
}

static size_t compare_root(const struct vector *vector, const char *size, const char *root)
{
    struct buffer expected DEFER(buffer_free) = BUFFER(64);
    uint64_t leaves = vector_number(vector, size);
    if (leaves == 0 || leaves > REFERENCE_LEAVES)
        return 0;
    vector_base64(vector, root, &expected);
    struct proof_hash made = reference_root((size_t)leaves);
    assert_true(span_equal(buffer_span(&expected), SPAN(made.bytes)));
    return 1;
}

/* The file holds proofs; their roots are of the reference leaves where the proof is a good one. */
static void the_roots_of_the_published_proofs_are_ours(void **state)
{
    (void)state;
    size_t compared = 0;
    const struct vector *file = vectors_or_skip("rfc6962_proofs.json");
    const struct vector *inclusion = vector_member(file, "inclusion");
    const struct vector *consistency = vector_member(file, "consistency");
    for (size_t i = 0; i < vector_count(inclusion); i++) {
        const struct vector *vector = vector_item(inclusion, i);
        if (strcmp(vector_text(vector, "desc"), "happy path") == 0)
            compared += compare_root(vector, "treeSize", "root");
    }
    for (size_t i = 0; i < vector_count(consistency); i++) {
        const struct vector *vector = vector_item(consistency, i);
        if (strcmp(vector_text(vector, "desc"), "happy path") == 0)
            compared +=
                compare_root(vector, "size1", "root1") + compare_root(vector, "size2", "root2");
    }
    assert_int_equal(compared, 15);
    vectors_free(file);
}

/* --- the example of docs/audit-format.md --- */

static const char example[] =
    "securemail/8504a8e4202f5b8ba3c4ec53a07129bf\n"
    "15\n"
    "9h0PFLVYtaZccPK+CFjM2FNy6fCasCyUKw8tto8jpdU=\n"
    "\n"
    "\xe2\x80\x94 securemail/8504a8e4202f5b8ba3c4ec53a07129bf "
    "ejXnqZYZPp1bivsLEgSkCpb5DOy+dr7PSyWIu179HzOsfIN+plguVxmKoOzQxYc9fd32bECilNhvdu2Z9QizXEfk5Aw=\n";

static void example_key(uint8_t key[static PROOF_HASH_BYTES])
{
    assert_ok(
        hex_decode(span_text("7dec4cf751114c99207099e191ee61ced1c875b2036ea7d028189e870c4095a6"),
            key, PROOF_HASH_BYTES));
}

static void the_documented_checkpoint_is_signed(void **state)
{
    uint8_t key[PROOF_HASH_BYTES];
    struct proof_note note;
    (void)state;
    example_key(key);
    assert_true(proof_note_read(example, key, &note));
    assert_int_equal(note.size, 15);
    assert_string_equal(note.origin, "securemail/8504a8e4202f5b8ba3c4ec53a07129bf");
    key[5] ^= 1;
    assert_false(proof_note_read(example, key, &note));
}

static void no_changed_byte_of_a_checkpoint_is_signed(void **state)
{
    uint8_t key[PROOF_HASH_BYTES];
    struct proof_note note;
    char text[sizeof example];
    (void)state;
    example_key(key);
    for (size_t i = 0; i + 1 < sizeof example; i++) {
        memcpy(text, example, sizeof text);
        text[i] = (char)(text[i] ^ 2);
        assert_false(proof_note_read(text, key, &note));
        text[i] = '\0';
        assert_false(proof_note_read(text, key, &note));
    }
}

/* Signatures of others may stand beside ours (c2sp.org/signed-note). */
static void a_checkpoint_may_be_signed_by_others_too(void **state)
{
    uint8_t key[PROOF_HASH_BYTES];
    struct proof_note note;
    char text[2 * sizeof example];
    const char *ours = strstr(example, "\xe2\x80\x94");
    (void)state;
    example_key(key);
    (void)snprintf(text, sizeof text, "%.*s\xe2\x80\x94 witness AAAAAAAA\n%s",
        (int)(ours - example), example, ours);
    assert_true(proof_note_read(text, key, &note));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_tree_has_its_roots),
        cmocka_unit_test(the_roots_of_the_published_proofs_are_ours),
        cmocka_unit_test(the_documented_checkpoint_is_signed),
        cmocka_unit_test(no_changed_byte_of_a_checkpoint_is_signed),
        cmocka_unit_test(a_checkpoint_may_be_signed_by_others_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
