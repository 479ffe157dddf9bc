#include "web/site/access.h"

#include "scheduler/base/memory.h"

#include <stdlib.h>
#include <string.h>

struct access {
    struct access_options options;
};

int access_open(const struct access_options *options, struct access **ret_access, struct error *err)
{
    (void)err;
    struct access *access = memory_new(1, sizeof *access);
    access->options = *options;
    *ret_access = access;
    return 0;
}

void access_close(struct access *access)
{
    free(access);
}

bool access_is_our_host(const struct access *access, const struct http_request *request)
{
    (void)access;
    return http_header(request, "Host") != NULL;
}

bool access_is_same_origin(const struct access *access, const struct http_request *request)
{
    (void)access;
    (void)request;
    return false;
}

void access_visitor(struct access *access, const struct http_request *request, struct arena *arena,
                    struct visitor *ret_visitor)
{
    (void)access;
    (void)request;
    (void)arena;
    *ret_visitor = (struct visitor){.role = ROLE_VIEWER, .name = "", .csrf = ""};
}

bool access_is_equal(const char *a, const char *b)
{
    size_t length = strlen(a);
    unsigned difference = 0;
    if (length == 0 || strlen(b) != length)
        return false;
    for (size_t i = 0; i < length; i++)
        difference |= (unsigned)(unsigned char)a[i] ^ (unsigned)(unsigned char)b[i];
    return difference == 0;
}
