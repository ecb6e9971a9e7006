/* The contract over audit's handler table. */
#include "services/audit/handlers.h"
#include "tests/support/contract.h"

int main(void)
{
    return contract_run(&(struct contract){
        .self = PEER_AUDIT, .handlers = audit_handlers, .handlers_count = audit_handlers_count});
}
