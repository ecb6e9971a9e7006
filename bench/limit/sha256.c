/*
 * SHA-256 over the same bytes: each line of a file by itself, as a log's entries are hashed. The
 * file is in memory before it begins. Prints lines a second.
 * Usage: sha256 FILE
 */
#include "bench/limit/limit.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

int main(int argc, char **argv)
{
    struct stat facts;
    long lines = 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (argc != 2 || !context)
        limit_fail("usage: sha256 FILE");
    int file = open(argv[1], O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &facts) != 0 || facts.st_size == 0)
        limit_fail(argv[1]);
    char *at = mmap(NULL, (size_t)facts.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    if (at == MAP_FAILED)
        limit_fail("no memory");
    const char *end = at + facts.st_size;
    double begun = limit_now();
    for (const char *next; at < end; at = at + (next - at) + 1, lines++) {
        unsigned char hash[EVP_MAX_MD_SIZE];
        unsigned size;
        next = memchr(at, '\n', (size_t)(end - at));
        next = next ? next : end;
        if (EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1 ||
            EVP_DigestUpdate(context, at, (size_t)(next - at)) != 1 ||
            EVP_DigestFinal_ex(context, hash, &size) != 1)
            limit_fail("SHA-256");
    }
    limit_say((double)lines / (limit_now() - begun));
    EVP_MD_CTX_free(context);
    return 0;
}
