/*
 * A checkpoint as it was kept: the note by itself, or the mail that brought it, as a mail program
 * saves it. The mail is a stranger's: whatever stands around the note is passed over, and the note
 * that is found must still be signed.
 */
#ifndef SM_VERIFY_MAILED_H
#define SM_VERIFY_MAILED_H

#include "cli/verify/proof.h"

#include <stdio.h>

enum { MAILED_BYTES_MAX = 256 * 1024 };

enum mailed { MAILED_FOUND, MAILED_NONE, MAILED_UNREADABLE };

/* Looks for the first note in the file, and writes it as the log signed it. */
enum mailed mailed_read(FILE *file, char out[static PROOF_NOTE_MAX]);

#endif
