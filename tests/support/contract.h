/*
 * The contract that every handler table keeps, whatever its handlers do: what is refused is refused
 * before a handler runs. Bad messages are made from the field tables, so an operation is covered
 * the moment its row is written. A handler that runs on one of them would work on no worker, and
 * crash.
 */
#ifndef SM_TESTS_SUPPORT_CONTRACT_H
#define SM_TESTS_SUPPORT_CONTRACT_H

#include "bus/server.h"

struct contract {
    enum peer self;
    const struct bus_handler *handlers;
    size_t handlers_count;
};

/* Runs all tests of the contract over the table; cmocka's result. */
int contract_run(const struct contract *contract);

#endif
