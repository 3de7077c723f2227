/* Tables only. The order of the entries is the order of the reference page. */
#include "graph/keys.h"

#include <streamd/plugin.h>

#include <stddef.h>

#define FILE_AT(member) .offset = (uint32_t)offsetof(struct keys_file, member)
#define NODE_AT(member) .offset = (uint32_t)offsetof(struct keys_node, member)
#define NODE_HAS(member) .present_offset = (uint32_t)offsetof(struct keys_node, member)

static const char *const delivery_words[] = {"at_least_once", "exactly_once", NULL};
static const char *const at_end_words[] = {"drain", "savepoint", NULL};
static const char *const on_error_words[] = {"fail", "skip", "output", NULL};
static const char *const sink_on_error_words[] = {"fail", "skip", NULL};
static const char *const unit_words[] = {"s", "ms", "us", "ns", NULL};
static const char *const restart_words[] = {"exponential", "fixed", "failure_rate", "none", NULL};

/* --- Checkpoints and restarts ----------------------------------------------------------------- */

#define CHECKPOINT_AT(member) .offset = (uint32_t)offsetof(struct keys_checkpoint, member)
#define RESTART_AT(member) .offset = (uint32_t)offsetof(struct keys_restart, member)

static const struct streamd_option checkpoint_keys[] = {
    {.name = "every",
     .type = STREAMD_OPTION_DURATION,
     .flags = OPTIONS_OR_NONE,
     CHECKPOINT_AT(every),
     .present_offset = (uint32_t)offsetof(struct keys_checkpoint, has_every),
     .minimum = 10 * 1000,
     .maximum = INT64_MAX,
     .doc = "Time from one to the next; without, only the end of the input, a stop and a "
            "savepoint make one. If not given, 10s with a state directory, else none"},
    {.name = "keep",
     .type = STREAMD_OPTION_INT,
     CHECKPOINT_AT(keep),
     .default_text = "3",
     .minimum = 1,
     .maximum = 1000,
     .doc = "How many complete ones are kept"},
    {.name = "timeout",
     .type = STREAMD_OPTION_DURATION,
     CHECKPOINT_AT(timeout),
     .default_text = "10m",
     .minimum = 100 * 1000,
     .maximum = INT64_MAX,
     .doc = "When one that does not complete is given up; what it covers joins the next"},
    {0},
};

static const struct streamd_option restart_keys[] = {
    {.name = "policy",
     .type = STREAMD_OPTION_ENUM,
     RESTART_AT(policy),
     .default_text = "exponential",
     .choices = restart_words,
     .doc = "How long to wait after a failure, and when to give up"},
    {.name = "initial",
     .type = STREAMD_OPTION_DURATION,
     RESTART_AT(initial),
     .default_text = "100ms",
     .minimum = 1,
     .maximum = INT64_MAX,
     .doc = "exponential: the first wait; each one after it is twice as long"},
    {.name = "max",
     .type = STREAMD_OPTION_DURATION,
     RESTART_AT(max),
     .default_text = "1m",
     .minimum = 1,
     .maximum = INT64_MAX,
     .doc = "exponential: the longest wait"},
    {.name = "reset_after",
     .type = STREAMD_OPTION_DURATION,
     RESTART_AT(reset_after),
     .default_text = "10m",
     .minimum = 0,
     .maximum = INT64_MAX,
     .doc = "exponential: after so long without a failure the wait is short again"},
    {.name = "delay",
     .type = STREAMD_OPTION_DURATION,
     RESTART_AT(delay),
     .default_text = "1s",
     .minimum = 0,
     .maximum = INT64_MAX,
     .doc = "fixed, failure_rate: the wait"},
    {.name = "attempts",
     .type = STREAMD_OPTION_INT,
     RESTART_AT(attempts),
     .default_text = "10",
     .minimum = 1,
     .maximum = INT32_MAX,
     .doc = "fixed: after so many restarts the next failure is the end"},
    {.name = "failures",
     .type = STREAMD_OPTION_INT,
     RESTART_AT(failures),
     .default_text = "3",
     .minimum = 1,
     .maximum = 1000,
     .doc = "failure_rate: so many failures within `per` are the end"},
    {.name = "per",
     .type = STREAMD_OPTION_DURATION,
     RESTART_AT(per),
     .default_text = "1m",
     .minimum = 1,
     .maximum = INT64_MAX,
     .doc = "failure_rate: the time in which failures are counted"},
    {.name = "poison",
     .type = STREAMD_OPTION_INT,
     RESTART_AT(poison),
     .default_text = "3",
     .minimum = 0,
     .maximum = 1000,
     .doc = "So many failures in a row at one record are the end, under every policy; 0: never"},
    {0},
};

/* --- Not in this version: what they will mean is settled, so they are documented ----------------
 */

struct later {
    int64_t number;
    uint8_t flag;
};

#define LATER_AT(member) .offset = (uint32_t)offsetof(struct later, member)

static const struct streamd_option savepoint_keys[] = {
    {.name = "on_stop",
     .type = STREAMD_OPTION_BOOL,
     LATER_AT(flag),
     .default_text = "false",
     .doc = "Take one when the pipeline is stopped"},
    {.name = "keep",
     .type = STREAMD_OPTION_INT,
     LATER_AT(number),
     .default_text = "5",
     .minimum = 1,
     .maximum = 1000,
     .doc = "How many are kept"},
    {0},
};

static const struct streamd_option upgrade_keys[] = {
    {.name = "grace",
     .type = STREAMD_OPTION_DURATION,
     LATER_AT(number),
     .default_text = "30s",
     .doc = "How long a new version of the file is on trial; 0 commits at once"},
    {0},
};

/* --- The file -------------------------------------------------------------------------------- */

static const struct streamd_option limits_keys[] = {
    {.name = "memory",
     .type = STREAMD_OPTION_SIZE,
     .offset = (uint32_t)offsetof(struct keys_limits, memory),
     .default_text = "512MiB",
     .minimum = 16 << 20,
     .maximum = INT64_MAX,
     .doc = "Memory of the pipeline; going over it fails, naming the node"},
    {.name = "record",
     .type = STREAMD_OPTION_SIZE,
     .offset = (uint32_t)offsetof(struct keys_limits, record),
     .default_text = "16MiB",
     .minimum = 1 << 10,
     .maximum = 1 << 30,
     .doc = "Longest record"},
    {0},
};

static const struct streamd_option state_keys[] = {
    {.name = "backend",
     .type = STREAMD_OPTION_STRING,
     .offset = (uint32_t)offsetof(struct keys_state, backend),
     .default_text = "memory",
     .doc = "Plugin that keeps the state: memory; sqlite and rocksdb come later"},
    {0},
};

const struct streamd_option keys_of_file[] = {
    {.name = "version",
     .type = STREAMD_OPTION_INT,
     .flags = STREAMD_OPTION_REQUIRED,
     FILE_AT(version),
     .doc = "Version of the file format: 1"},
    {.name = "name",
     .type = STREAMD_OPTION_STRING,
     FILE_AT(name),
     .doc = "Name of the pipeline; if given, the file's name without .yaml"},
    {.name = "sources",
     .type = OPTIONS_NODE,
     .flags = STREAMD_OPTION_REQUIRED,
     FILE_AT(sources),
     .doc = "Where records come from: a map of names to sources"},
    {.name = "operators",
     .type = OPTIONS_NODE,
     FILE_AT(operators),
     .doc = "What is done with them: a map of names to operators"},
    {.name = "sinks",
     .type = OPTIONS_NODE,
     .flags = STREAMD_OPTION_REQUIRED,
     FILE_AT(sinks),
     .doc = "Where results go: a map of names to sinks"},
    {.name = "delivery",
     .type = STREAMD_OPTION_ENUM,
     FILE_AT(delivery),
     .choices = delivery_words,
     .present_offset = (uint32_t)offsetof(struct keys_file, has_delivery),
     .doc = "What every sink must give; exactly_once refuses sinks that are weaker. If not given, "
            "the strongest that each sink can give"},
    {.name = "parallelism",
     .type = STREAMD_OPTION_INT,
     FILE_AT(parallelism),
     .default_text = "1",
     .minimum = 1,
     .maximum = 32768,
     .doc = "Worker processes, at most as many as there are key groups"},
    {.name = "key_groups",
     .type = STREAMD_OPTION_INT,
     FILE_AT(key_groups),
     .default_text = "128",
     .minimum = 1,
     .maximum = 32768,
     .doc = "Into how many groups keys are divided; fixed for the life of the state"},
    {.name = "limits",
     .type = STREAMD_OPTION_GROUP,
     FILE_AT(limits),
     .children = limits_keys,
     .children_size = sizeof(struct keys_limits),
     .doc = "Limits; going over one is an error"},
    {.name = "state",
     .type = STREAMD_OPTION_GROUP,
     FILE_AT(state),
     .children = state_keys,
     .children_size = sizeof(struct keys_state),
     .doc = "How state is kept"},
    {.name = "at_end",
     .type = STREAMD_OPTION_ENUM,
     FILE_AT(at_end),
     .choices = at_end_words,
     .default_text = "drain",
     .doc = "At the end of bounded input: drain fires all windows; savepoint keeps them, in the "
            "last checkpoint, for more input"},
    {.name = "checkpoint",
     .type = STREAMD_OPTION_GROUP,
     FILE_AT(checkpoint),
     .children = checkpoint_keys,
     .children_size = sizeof(struct keys_checkpoint),
     .doc = "Checkpoints: from the newest one work goes on after a failure"},
    {.name = "restart",
     .type = STREAMD_OPTION_GROUP,
     FILE_AT(restart),
     .children = restart_keys,
     .children_size = sizeof(struct keys_restart),
     .doc = "What happens after a failure"},
    {.name = "savepoint",
     .type = STREAMD_OPTION_GROUP,
     .flags = OPTIONS_LATER,
     .children = savepoint_keys,
     .children_size = sizeof(struct later),
     .doc = "Savepoints"},
    {.name = "upgrade",
     .type = STREAMD_OPTION_GROUP,
     .flags = OPTIONS_LATER,
     .children = upgrade_keys,
     .children_size = sizeof(struct later),
     .doc = "How a new version of the file takes over"},
    {.name = "tests",
     .type = OPTIONS_NODE,
     FILE_AT(tests),
     .doc = "Tests of the pipeline; in this version only their form is checked"},
    {0},
};

/* --- Nodes ----------------------------------------------------------------------------------- */

static const struct streamd_option event_time_keys[] = {
    {.name = "field",
     .type = STREAMD_OPTION_STRING,
     .offset = (uint32_t)offsetof(struct keys_event_time, field),
     .doc = "Field of type timestamp that says when a record happened"},
    {.name = "out_of_orderness",
     .type = STREAMD_OPTION_DURATION,
     .offset = (uint32_t)offsetof(struct keys_event_time, out_of_orderness_us),
     .default_text = "0s",
     .minimum = 0,
     .maximum = INT64_MAX,
     .doc = "How much later than others a record may come and still be on time"},
    {.name = "idle_after",
     .type = STREAMD_OPTION_DURATION,
     .offset = (uint32_t)offsetof(struct keys_event_time, idle_after_us),
     .present_offset = (uint32_t)offsetof(struct keys_event_time, has_idle_after),
     .minimum = 0,
     .maximum = INT64_MAX,
     .doc = "After so long without records a split no longer holds others back; 0 means never. If "
            "not given, 10s for sources without an end"},
    {0},
};

/* Keys that several kinds of nodes have. */
#define TYPE_KEY(what)                                                                           \
    {                                                                                            \
        .name = "type", .type = STREAMD_OPTION_STRING, .flags = STREAMD_OPTION_REQUIRED,         \
        NODE_AT(type), .doc = "Which plugin: see `streamctl plugins` for the " what " there are" \
    }
#define CONFIG_KEY                                                                                 \
    {                                                                                              \
        .name = "config", .type = OPTIONS_NODE, NODE_AT(config), .doc = "The plugin's own options" \
    }
#define INPUTS_KEY                                                                                 \
    {                                                                                              \
        .name = "inputs", .type = OPTIONS_NODE, .flags = STREAMD_OPTION_REQUIRED, NODE_AT(inputs), \
        .doc = "List of nodes whose records come in: NODE, or NODE.late, NODE.error and "          \
               "other side outputs. Several are a union"                                           \
    }
#define PARALLELISM_KEY                                                                        \
    {                                                                                          \
        .name = "parallelism", .type = STREAMD_OPTION_INT, NODE_AT(parallelism), .minimum = 1, \
        .maximum = 32768,                                                                      \
        .doc = "Worker processes of this node; if not given, the pipeline's, "                 \
               "which is also the most"                                                        \
    }
#define RENAMED_KEY                                                                     \
    {                                                                                   \
        .name = "renamed_from", .type = STREAMD_OPTION_STRING, .flags = OPTIONS_LATER,  \
        NODE_AT(renamed_from), .doc = "The node's old name, so that it keeps its state" \
    }
#define ON_ERROR_KEY                                                                              \
    {                                                                                             \
        .name = "on_error", .type = STREAMD_OPTION_ENUM, NODE_AT(on_error),                       \
        .choices = on_error_words, .default_text = "fail",                                        \
        .doc = "What a record that fails does: fail the pipeline, be counted and skipped, or go " \
               "to the side output NODE.error"                                                    \
    }

const struct streamd_option keys_of_source[] = {
    TYPE_KEY("sources"),
    CONFIG_KEY,
    {.name = "format",
     .type = OPTIONS_NODE,
     NODE_AT(format),
     .doc = "How bytes become records: {type: json} and the options of that format"},
    {.name = "schema",
     .type = OPTIONS_NODE,
     NODE_AT(schema),
     .doc = "Map of field names to types; a field may have the long form below"},
    {.name = "event_time",
     .type = STREAMD_OPTION_GROUP,
     NODE_AT(event_time),
     NODE_HAS(has_event_time),
     .children = event_time_keys,
     .children_size = sizeof(struct keys_event_time),
     .doc = "When records happened"},
    ON_ERROR_KEY,
    PARALLELISM_KEY,
    RENAMED_KEY,
    {0},
};

const struct streamd_option keys_of_operator[] = {
    TYPE_KEY("operators"),
    INPUTS_KEY,
    {.name = "key_by",
     .type = OPTIONS_NODE,
     NODE_AT(key_by),
     .doc = "List of fields; records with equal values in them belong together"},
    CONFIG_KEY,
    ON_ERROR_KEY,
    PARALLELISM_KEY,
    RENAMED_KEY,
    {0},
};

const struct streamd_option keys_of_sink[] = {
    TYPE_KEY("sinks"),
    INPUTS_KEY,
    CONFIG_KEY,
    {.name = "format",
     .type = OPTIONS_NODE,
     NODE_AT(format),
     .doc = "How records become bytes: {type: json} and the options of that format"},
    {.name = "delivery",
     .type = STREAMD_OPTION_ENUM,
     NODE_AT(delivery),
     NODE_HAS(has_delivery),
     .choices = delivery_words,
     .doc = "What this sink must give, if not what the pipeline says"},
    {.name = "on_error",
     .type = STREAMD_OPTION_ENUM,
     NODE_AT(on_error),
     .choices = sink_on_error_words,
     .default_text = "fail",
     .doc = "What a record that the sink refuses does: fail the pipeline, or be counted and "
            "skipped"},
    PARALLELISM_KEY,
    RENAMED_KEY,
    {0},
};

const struct streamd_option *keys_of_node(uint32_t kind)
{
    return kind == STREAMD_SOURCE     ? keys_of_source
           : kind == STREAMD_OPERATOR ? keys_of_operator
                                      : keys_of_sink;
}

#define FIELD_AT(member) .offset = (uint32_t)offsetof(struct keys_field, member)

const struct streamd_option keys_of_field[] = {
    {.name = "type",
     .type = STREAMD_OPTION_STRING,
     .flags = STREAMD_OPTION_REQUIRED,
     FIELD_AT(type),
     .doc = "bool, int64, float64, decimal(p,s), string, bytes, timestamp, date or json; with "
            "|null behind it the field may be NULL"},
    {.name = "path",
     .type = STREAMD_OPTION_STRING,
     FIELD_AT(path),
     .doc = "Where the value stands in a JSON record, as $.a.b; if not given, the field's name"},
    {.name = "unit",
     .type = STREAMD_OPTION_ENUM,
     FIELD_AT(unit),
     .present_offset = (uint32_t)offsetof(struct keys_field, has_unit),
     .choices = unit_words,
     .doc = "What a number in a timestamp field counts since 1970"},
    {.name = "format",
     .type = STREAMD_OPTION_STRING,
     FIELD_AT(format),
     .doc = "How a text in a timestamp or date field is written: PostgreSQL's template patterns"},
    {.name = "null_values",
     .type = STREAMD_OPTION_STRINGS,
     FIELD_AT(nulls),
     .present_offset = (uint32_t)offsetof(struct keys_field, has_nulls),
     .doc = "Texts that mean NULL"},
    {0},
};

#define TEST_AT(member) .offset = (uint32_t)offsetof(struct keys_test, member)

const struct streamd_option keys_of_test[] = {
    {.name = "name",
     .type = STREAMD_OPTION_STRING,
     .flags = STREAMD_OPTION_REQUIRED,
     TEST_AT(name),
     .doc = "What must hold"},
    {.name = "env", .type = OPTIONS_NODE, TEST_AT(env), .doc = "Environment variables"},
    {.name = "mock", .type = OPTIONS_NODE, TEST_AT(mock), .doc = "Nodes that are replaced"},
    {.name = "steps",
     .type = OPTIONS_NODE,
     .flags = STREAMD_OPTION_REQUIRED,
     TEST_AT(steps),
     .doc = "List of steps"},
    {0},
};

const struct keys_section keys_sections[] = {
    {"The file", "", "Keys that begin with `x-` are ignored, so that anchors can stand there.",
     keys_of_file},
    {"Sources", "sources.NAME", "Where records come from.", keys_of_source},
    {"Fields", "sources.NAME.schema.FIELD",
     "A field is written `NAME: TYPE`, `NAME: TYPE|null`, or in this long form.", keys_of_field},
    {"Operators", "operators.NAME", "What is done with records.", keys_of_operator},
    {"Sinks", "sinks.NAME", "Where results go.", keys_of_sink},
    {"Tests", "tests", "A list; in this version only its form is checked.", keys_of_test},
    {NULL, NULL, NULL, NULL},
};
