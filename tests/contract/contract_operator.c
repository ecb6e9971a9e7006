/* The contract over crypto's operator table. */
#include "services/crypto/handlers.h"
#include "tests/support/contract.h"

int main(void)
{
    return contract_run(&(struct contract){.self = PEER_CRYPTO,
        .handlers = operator_handlers,
        .handlers_count = operator_handlers_count});
}
