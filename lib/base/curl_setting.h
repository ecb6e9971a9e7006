/*
 * Options of libcurl, one after the other, without a branch after each: the first that it refuses
 * decides. For those who speak through it (lib/store/s3.c, services/notifier/smtp.c).
 */
#ifndef SM_BASE_CURL_SETTING_H
#define SM_BASE_CURL_SETTING_H

#include "base/log.h"

#include <curl/curl.h>

struct curl_setting {
    CURL *curl;
    CURLcode code;
};

#define SET(setting, option, value)                                               \
    ((setting)->code = (setting)->code == CURLE_OK                                \
                           ? curl_easy_setopt((setting)->curl, (option), (value)) \
                           : (setting)->code)

/* SM_CONFIG, logged as `event` with curl's words, when one was refused. */
SM_MUST_USE static inline enum sm_error curl_setting_result(
    const struct curl_setting *setting, const char *event)
{
    if (setting->code == CURLE_OK)
        return SM_OK;
    return log_failure(event, SM_CONFIG, curl_easy_strerror(setting->code));
}

#endif
