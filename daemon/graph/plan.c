/* The schema that every `.error` output has, and the table that every outbox has. */
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

const struct streamd_table_decl *plan_outbox_table(void)
{
    static const struct streamd_field columns[PLAN_OUTBOX_COLUMNS] = {
        [PLAN_OUTBOX_SEGMENT] = {"segment", {.id = STREAMD_STRING}},
        [PLAN_OUTBOX_LINEAGE] = {"lineage", {.id = STREAMD_STRING}},
        [PLAN_OUTBOX_CHECKPOINT] = {"checkpoint", {.id = STREAMD_INT64}},
        [PLAN_OUTBOX_TASK] = {"task", {.id = STREAMD_INT64}},
        [PLAN_OUTBOX_SEQUENCE] = {"sequence", {.id = STREAMD_INT64}},
        [PLAN_OUTBOX_RECORDS] = {"records", {.id = STREAMD_INT64}},
        [PLAN_OUTBOX_BYTES] = {"bytes", {.id = STREAMD_INT64}},
        [PLAN_OUTBOX_CHECKSUM] = {"checksum", {.id = STREAMD_INT64}},
    };
    static const struct streamd_table_decl table = {
        .name = "_outbox",
        .flags = STREAMD_TABLE_LIST | STREAMD_TABLE_BROADCAST,
        .column_count = PLAN_OUTBOX_COLUMNS,
        .columns = columns,
    };

    return &table;
}
