/* The one schema that every `.error` output has. */
#include "graph/plan.h"

const struct streamd_schema *plan_error_schema(void)
{
    static const struct streamd_field fields[] = {
        {"raw", {.id = STREAMD_STRING}},
        {"node", {.id = STREAMD_STRING}},
        {"code", {.id = STREAMD_STRING}},
        {"message", {.id = STREAMD_STRING}},
        {"origin", {.id = STREAMD_STRING, .nullable = 1}},
        {"at", {.id = STREAMD_TIMESTAMP}},
    };
    static const struct streamd_schema schema = {sizeof(fields) / sizeof(*fields), fields};

    return &schema;
}
