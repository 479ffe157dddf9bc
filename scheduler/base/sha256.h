/* SHA-256 (FIPS 180-4), for keeping secrets without keeping them. Pure. */
#ifndef DATEMILL_BASE_SHA256_H
#define DATEMILL_BASE_SHA256_H

#include <stddef.h>

#define SHA256_BYTES 32
#define SHA256_HEX_BYTES 65 /* 64 lower-case digits and a NUL */

void sha256(const void *bytes, size_t length, unsigned char ret_digest[SHA256_BYTES]);
void sha256_hex(const void *bytes, size_t length, char ret_hex[SHA256_HEX_BYTES]);

#endif
