/* A harness's life: bind, open, events, close. */
#include "inside.h"

#include <stdio.h>

struct harness *harness_new(const struct harness_spec *spec)
{
    return harness_bare(spec);
}

void harness_free(struct harness *h)
{
    if (h)
        harness_bare_free(h);
}
