/* The contract over crypto's handler table. */
#include "services/crypto/handlers.h"
#include "tests/support/contract.h"

int main(void)
{
    return contract_run(&(struct contract){
        .self = PEER_CRYPTO, .handlers = crypto_handlers, .handlers_count = crypto_handlers_count});
}
