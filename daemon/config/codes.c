/* Looking codes up: the parts one after the other, each sorted by number. */
#include "config/codes.h"

static const struct code *const parts[] = {codes_of_files, codes_of_graphs,     codes_of_plugins,
                                           codes_of_state, codes_of_savepoints, codes_of_runs};

const struct code *codes_at(size_t index)
{
    for (size_t part = 0; part < sizeof(parts) / sizeof(parts[0]); part++)
        for (const struct code *c = parts[part]; c->number; c++)
            if (index-- == 0)
                return c;
    return NULL;
}

const struct code *codes_find(int number)
{
    const struct code *c;

    for (size_t i = 0; (c = codes_at(i)) != NULL; i++)
        if (c->number == number)
            return c;
    return NULL;
}
