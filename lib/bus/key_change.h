/*
 * A peer gets another key while everybody works. Three steps, and after each the processes named
 * start again, one after the other:
 *
 *     next   makes <peer>.next.key and <peer>.next.pub      all: they know both keys
 *     use    <peer>.next.key becomes <peer>.key             the peer's own: each speaks with the
 * new one drop   <peer>.next.pub becomes <peer>.pub             all: the old key opens nothing any
 * more
 *
 * Who knows both lets both in, and as a client tries both; so at no point there are two processes
 * that do not know each other. Each step is one or two renames of whole files: cut off anywhere it
 * is gone on with by the same call, and a step that is done already is SM_OK. `directory` may hold
 * the secret half of all peers or of one; where each has a folder of its own, `use` is called
 * there.
 *
 * All: SM_BAD_VALUE, told, for a step that is not due; SM_CONFIG, told, for files that are no good.
 */
#ifndef SM_BUS_KEY_CHANGE_H
#define SM_BUS_KEY_CHANGE_H

#include "base/error.h"
#include "proto/catalog.h"

SM_MUST_USE enum sm_error key_change_next(const char *directory, enum peer peer);

/* SM_BAD_VALUE: there is no next key, nor was one taken into use. */
SM_MUST_USE enum sm_error key_change_use(const char *directory, enum peer peer);

/* SM_BAD_VALUE: the next key is not in use yet (its .key lies here still). */
SM_MUST_USE enum sm_error key_change_drop(const char *directory, enum peer peer);

#endif
