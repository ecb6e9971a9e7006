/* Events of schema vault, and the number of its relay's advisory lock. */
#include "services/crypto/crypto.h"

const struct outbox vault_outbox = OUTBOX_SQL("vault", 7516011);
