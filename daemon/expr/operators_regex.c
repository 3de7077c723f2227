/*
 * ~ ~* !~ !~*: regular expressions (functions/regex.h), of which only whether they match counts.
 */
#include "expr/kernel.h"
#include "expr/tables.h"

#ifdef STREAMD_WITH_PCRE2

#include "base/error.h"
#include "expr/functions/regex.h"

/* Flags as regex.h takes them, as a constant third argument. */
static void set_flags(struct streamd_vector *flags, const struct streamd_str *text)
{
    *flags =
        (struct streamd_vector){.type = {.id = STREAMD_STRING}, .values = (void *)(uintptr_t)text};
}

static int prepare(const struct streamd_vector *args, void **prepared, struct streamd_error *error,
                   struct streamd_str flags)
{
    struct streamd_vector all[3] = {args[0], args[1]};

    set_flags(&all[2], &flags);
    return regex_prepare(all, 1, 2, prepared, error);
}

static int prepare_exact(const struct streamd_vector *args, uint32_t argc, void **prepared,
                         struct streamd_error *error)
{
    (void)argc;
    return prepare(args, prepared, error, (struct streamd_str){"", 0});
}

static int prepare_caseless(const struct streamd_vector *args, uint32_t argc, void **prepared,
                            struct streamd_error *error)
{
    (void)argc;
    return prepare(args, prepared, error, (struct streamd_str){"i", 1});
}

static int run(struct streamd_call *call, struct regex_batch *batch, int negated)
{
    uint8_t *result = call->result->values;
    int rc = 0;

    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        uint32_t i = kernel_row(call, k);
        int found;

        result[i] = 0;
        rc = regex_row(call, batch, i, 1, 2);
        if (rc || !batch->regex)
            continue;
        found = regex_find(call, batch, i, KERNEL_ARG(call, 0, struct streamd_str, i), 0, &rc);
        result[i] = found != REGEX_FAILED && found != negated;
    }
    return rc;
}

/* The operator's flags are an argument more while its rows are matched. */
static int run_with(struct streamd_call *call, struct streamd_str flags, int negated)
{
    const struct streamd_vector *args = call->args;
    struct streamd_vector all[3] = {args[0], args[1]};
    struct regex_batch batch = {0};
    int rc;

    set_flags(&all[2], &flags);
    call->args = all;
    rc = run(call, &batch, negated);
    call->args = args;
    regex_batch_clear(&batch);
    return rc;
}

static int match(struct streamd_call *call)
{
    return run_with(call, (struct streamd_str){"", 0}, 0);
}

static int match_caseless(struct streamd_call *call)
{
    return run_with(call, (struct streamd_str){"i", 1}, 0);
}

static int not_match(struct streamd_call *call)
{
    return run_with(call, (struct streamd_str){"", 0}, 1);
}

static int not_match_caseless(struct streamd_call *call)
{
    return run_with(call, (struct streamd_str){"i", 1}, 1);
}

#define ENTRY(name_, prepare_, kernel_)                                                 \
    {                                                                                   \
        .name = (name_), .argc = 2, .args = {STREAMD_STRING, STREAMD_STRING},           \
        .result = {.id = STREAMD_BOOL}, .prepare = (prepare_), .unprepare = regex_free, \
        .kernel = (kernel_)                                                             \
    }

const struct streamd_function operators_regex[] = {
    ENTRY("~", prepare_exact, match),
    ENTRY("~*", prepare_caseless, match_caseless),
    ENTRY("!~", prepare_exact, not_match),
    ENTRY("!~*", prepare_caseless, not_match_caseless),
    {.name = NULL},
};

#else

/* A build without PCRE2 has no regular expressions: the operators are not there. */
const struct streamd_function operators_regex[] = {{.name = NULL}};

#endif
