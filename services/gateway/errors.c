/*
 * One row per error. The sentences name no cause and no secret: who may not know why gets the same
 * words whatever the reason was.
 */
#include "services/gateway/errors.h"

/* clang-format off */
static const struct error_answer answers[SM_ERROR_COUNT] = {
    [SM_OK]                = {200, 0, "Done."},
    [SM_NO_MEMORY]         = {503, 2, "The server is short of memory. Try again in a moment."},
    [SM_TOO_LARGE]         = {413, 0, "This is larger than the server accepts; GET /api/v1/limits tells the limits."},
    [SM_BAD_FORMAT]        = {400, 0, "The request does not have the form that docs/api describes."},
    [SM_BAD_VALUE]         = {422, 0, "A value in the request is not one that this operation accepts."},
    [SM_UNKNOWN_OPERATION] = {404, 0, "There is no such operation."},
    [SM_NOT_ALLOWED]       = {403, 0, "You may not do this."},
    [SM_NOT_SIGNED_IN]     = {401, 0, "Your session or permission has ended. Sign in again."},
    [SM_NOT_FOUND]         = {404, 0, "There is nothing here."},
    [SM_GONE]              = {410, 0, "This message is no longer available. Ask the sender."},
    [SM_WRONG_SECRET]      = {403, 0, "The proof does not match."},
    [SM_LOCKED]            = {423, 0, "Too many failed attempts: closed for 15 minutes."},
    [SM_FROZEN]            = {423, 0, "Too many failed attempts: closed until the sender unlocks it."},
    [SM_TAMPERED]          = {403, 0, "What was presented is not genuine."},
    [SM_REPLAYED]          = {409, 0, "This request was acted on before. Make a new one."},
    [SM_CONFLICT]          = {409, 0, "This exists already with other content."},
    [SM_BUSY]              = {503, 2, "The server is busy. Try again in a moment."},
    [SM_RATE_LIMITED]      = {429, 60, "This was asked too often. Wait a little and try again."},
    [SM_TIMEOUT]           = {504, 2, "The answer took too long. Try again; nothing is done twice."},
    [SM_UNAVAILABLE]       = {503, 2, "A part of the service cannot be reached. Try again in a moment."},
    [SM_NOT_ACTIVE]        = {503, 2, "A part of the service is taking over. Try again in a moment."},
    [SM_DATABASE]          = {500, 0, "The server made an error; its log has the cause."},
    [SM_IO]                = {500, 0, "The server could not read or write; its log has the cause."},
    [SM_DISK_FULL]         = {507, 60, "The server has no room left for this. Nothing was lost; try again later or tell the administrator."},
    [SM_CONFIG]            = {500, 0, "The server is not configured for this; its log has the cause."},
    [SM_CRYPTO]            = {500, 0, "The server could not compute; its log has the cause."},
    [SM_NOT_ENABLED]       = {503, 0, "Secure Mail is not enabled on this server (SECURE_MAIL_ENABLED is not \"true\")."},
    [SM_KEY_UNKNOWN]       = {409, 0, "The key that this was sealed to is no longer in use. Fetch the keys again and repeat."},
    [SM_CODE_NEEDED]       = {401, 0, "Sign in with a time-based code too."},
};
/* clang-format on */

const struct error_answer *error_answer(enum sm_error error)
{
    return (unsigned)error < SM_ERROR_COUNT ? &answers[error] : &answers[SM_DATABASE];
}
