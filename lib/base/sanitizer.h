/*
 * Whether this build runs under a sanitizer: its runtime makes system calls of its own and stands
 * in for some of the C library's (mlock does nothing under it).
 */
#ifndef SM_BASE_SANITIZER_H
#define SM_BASE_SANITIZER_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SM_HAS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SM_HAS_SANITIZER 1
#endif
#endif
#ifndef SM_HAS_SANITIZER
#define SM_HAS_SANITIZER 0
#endif

#endif
