/* ASVS 3.4: a policy on every response, also on JSON and on ciphertext. */
#include "services/gateway/security.h"

/* clang-format off */
const struct constant_header security_headers[] = {
    {"Content-Security-Policy", "default-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Permissions-Policy", "accelerometer=(), camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
    {"Cache-Control", "no-store"},
};
/* clang-format on */

const size_t security_headers_count = sizeof security_headers / sizeof security_headers[0];

const struct constant_header transport_security = {
    "Strict-Transport-Security", "max-age=31536000; includeSubDomains"};
