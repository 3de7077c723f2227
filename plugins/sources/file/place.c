/*
 * One forward pass in both directions; everything that is not exactly what place_print writes is
 * refused.
 */
#include "place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_plain(unsigned char c)
{
    return c > ' ' && c < 0x7f && c != '%';
}

static int escape(const char *name, char *out, size_t room)
{
    size_t n = 0;

    for (; *name; name++) {
        unsigned char c = (unsigned char)*name;

        if (n + 4 > room)
            return STREAMD_E_LIMIT;
        if (is_plain(c))
            out[n++] = (char)c;
        else
            n += (size_t)snprintf(out + n, room - n, "%%%02X", c);
    }
    out[n] = '\0';
    return 0;
}

int place_print(const struct place *p, char text[STREAMD_POSITION_BYTES])
{
    int n = snprintf(text, STREAMD_POSITION_BYTES, "%llu", (unsigned long long)p->offset);

    if (p->inode)
        n += snprintf(text + n, STREAMD_POSITION_BYTES - (size_t)n, " %llu:%llu:%llu",
                      (unsigned long long)p->device, (unsigned long long)p->inode,
                      (unsigned long long)p->check);
    if (!p->name[0])
        return 0;
    n += snprintf(text + n, STREAMD_POSITION_BYTES - (size_t)n, " in ");
    return escape(p->name, text + n, STREAMD_POSITION_BYTES - (size_t)n);
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int unescape(const char *text, char *name, size_t room)
{
    size_t n = 0;

    for (; *text && n + 1 < room; text++) {
        if (*text == '%') {
            int high = hex(text[1]), low = high < 0 ? -1 : hex(text[2]);

            if (low < 0 || (high | low) == 0)
                return STREAMD_E_DATA;
            name[n++] = (char)(high * 16 + low);
            text += 2;
        } else {
            name[n++] = *text;
        }
    }
    name[n] = '\0';
    return *text || n == 0 ? STREAMD_E_DATA : 0;
}

/* A decimal number at *text, which is moved behind it. */
static int number(const char **text, uint64_t *value)
{
    char *end;

    if (**text < '0' || **text > '9')
        return STREAMD_E_DATA;
    *value = strtoull(*text, &end, 10);
    *text = end;
    return 0;
}

int place_parse(const char *text, struct place *p)
{
    memset(p, 0, sizeof(*p));
    if (number(&text, &p->offset))
        return STREAMD_E_DATA;
    if (strncmp(text, " in ", 4) == 0)
        return unescape(text + 4, p->name, sizeof(p->name));
    if (*text == ' ') {
        text++;
        if (number(&text, &p->device) || *text++ != ':' || number(&text, &p->inode) ||
            *text++ != ':' || number(&text, &p->check))
            return STREAMD_E_DATA;
    }
    return *text ? STREAMD_E_DATA : 0;
}
