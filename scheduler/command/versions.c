#include "scheduler/command/versions.h"

#include "scheduler/flow/flow_source.h"
#include "scheduler/flow/reference.h"
#include "scheduler/flow/yaml_tree.h"
#include "scheduler/store/store.h"

const char *versions_own(void)
{
    return DATEMILL_VERSION;
}

size_t versions_of_libraries(struct arena *arena, struct version_item *ret_items)
{
    size_t count = 0;
    ret_items[count++] = (struct version_item){"sqlite", store_library_version(arena)};
    ret_items[count++] = (struct version_item){"libyaml", yaml_tree_library_version(arena)};
    ret_items[count++] = (struct version_item){"libgit2", flow_source_library_version(arena)};
    ret_items[count++] = (struct version_item){"pcre2", reference_library_version(arena)};
    return count;
}
