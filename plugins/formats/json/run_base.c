/*
 * The fast path for any machine, and what it shares with the one for AVX2.
 */
#define KERNEL_TARGET
#define RUN_NAME json_run_base

#include "kernel_base.h"

#include "run_template.h"

/* As streamd_json_scan_value, but a record ends with its line. */
static const uint8_t *scan_value(const uint8_t *p, const uint8_t *end, struct streamd_json_token *t)
{
    struct streamd_json_fault fault;

    if (*p == '{' || *p == '[')
        end = memchr(p, '\n', (size_t)(end - p));
    return end ? streamd_json_scan_value(p, end, t, &fault) : NULL;
}

const uint8_t *json_run_value(struct json_decoder *d, struct streamd_batch *b, uint32_t field,
                              const uint8_t *p, const uint8_t *end)
{
    struct streamd_json_token t;
    int rc;

    p = scan_value(p, end, &t);
    if (!p)
        return NULL;
    rc = json_store(d, b, field, &t);
    if (rc < 0)
        d->failed = rc;
    return rc ? NULL : p;
}

const uint8_t *json_run_skip(const uint8_t *p, const uint8_t *end)
{
    struct streamd_json_token t;

    return scan_value(p, end, &t);
}
