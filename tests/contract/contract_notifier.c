/* The contract over notifier's handler table. */
#include "services/notifier/handlers.h"
#include "tests/support/contract.h"

int main(void)
{
    return contract_run(&(struct contract){.self = PEER_NOTIFIER,
        .handlers = notifier_handlers,
        .handlers_count = notifier_handlers_count});
}
