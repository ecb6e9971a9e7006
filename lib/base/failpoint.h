/*
 * Named places at which a test can kill the process with SIGKILL, to show that nothing is lost
 * between any two lines. They exist only in builds with -DSM_FAIL_POINTS; the shipped programs
 * contain neither the names nor the code.
 *
 * A test build reads SM_FAIL_POINT="name" or "name:N" (the N-th passage) from its environment.
 * Names are "<service>.<what>.<before|after>-<commit|relay|ack>". tests/system lists them from the
 * sources, so each one is exercised.
 */
#ifndef SM_BASE_FAILPOINT_H
#define SM_BASE_FAILPOINT_H

#ifdef SM_FAIL_POINTS
void fail_point(const char *name);
#define FAIL_POINT(name) fail_point(name)
#else
#define FAIL_POINT(name) ((void)0)
#endif

#endif
