/*
 * The thread, as one recipient may see it from a link that he has proven: what the same sender sent
 * to the same address in this conversation, and what he himself answered. Which rows belong to the
 * conversation is found by their parents; what is shown of them is decided row by row, each with
 * its MAC, never by what connects them.
 *
 * Another message of the thread can be opened without its own link when its own check asks for no
 * more than the one that was passed (method.h: level), and only while that link is live and not
 * locked: an answer never gets weaker because it is an answer.
 */
#ifndef SM_CRYPTO_THREAD_H
#define SM_CRYPTO_THREAD_H

#include "services/crypto/link_session.h"

enum { THREAD_ITEMS_MAX = 100, THREAD_DEPTH_MAX = 50 };

struct thread_item {
    struct message message;
    struct link link; /* of the recipient: to it, or (a reply) from it */
    bool is_open;     /* open_message would release it now */
};

/* Ids of what may belong to the thread, newest first, at most THREAD_ITEMS_MAX. */
SM_MUST_USE enum sm_error thread_find(
    struct sealed_call *call, const struct link_session *session, struct list *out);

/* One of them. SM_NOT_FOUND when it is not for this recipient; SM_TAMPERED for an edited row, which
 * is reported. */
SM_MUST_USE enum sm_error thread_look(struct sealed_call *call, const struct link_session *session,
    struct id message, struct thread_item *out);

#endif
