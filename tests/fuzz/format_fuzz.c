/* One input for the decoder of a format. */
#include "format_fuzz.h"

#include "../unit/format_host.h"

#include <stdlib.h>
#include <string.h>

enum { CHOICES = 3, LIMIT = 100 };

struct setup {
    const char *format, *options, *fields;
};

static const struct setup setups[] = {
    {"json", NULL, ""},
    {"json", NULL, "a:int64|null b:string|null c:float64|null"},
    {"json", NULL,
     "a:int64|null b:string c:float64|null d:decimal(9,2)|null e:timestamp|null f:bool|null "
     "g:json|null h:bytes|null i:date|null"},
    {"json", "decimals=string",
     "a:decimal(38,4)|null b:timestamp|null;unit=ms c:string|null;path=$.x.y d:json|null;path=$.x "
     "e:int64|null;skip f:string|null;nulls=-,n"},
    {"csv", "header=false", "a:string"},
    {"csv", "header=false", "a:string|null b:int64|null c:string;skip"},
    {"csv", NULL, "a:string|null b:int64|null c:float64|null"},
    {"csv", "header=false delimiter=\\t null_values=-,NULL",
     "a:decimal(9,2)|null b:timestamp|null c:bool|null d:json|null"},
    {"raw", NULL, "line:string"},
    {"raw", NULL, "line:bytes|null;nulls=-"},
    {"regex", "pattern=^(?<a>\\\\S+)\\s(?<b>\\\\d+)?\\s*(?<c>.*)$",
     "a:string b:int64|null c:string"},
    {"regex", "pattern=(?<a>[^\xC3\xA9]+)(?<b>x)?", "a:json|null;nulls=- b:string|null"},
};

/* The setup number `choice` of those that there are for the format. */
static const struct setup *choose(const char *format, unsigned choice)
{
    const struct setup *mine[sizeof(setups) / sizeof(*setups)];
    unsigned count = 0;

    for (size_t i = 0; i < sizeof(setups) / sizeof(*setups); i++) {
        if (strcmp(setups[i].format, format) == 0)
            mine[count++] = &setups[i];
    }
    if (count == 0)
        abort();
    return mine[choice % count];
}

/* The lines of a text that begin with `!` or not, cut before what says where. */
static char *only(const char *text, int rejected)
{
    char *lines = malloc(strlen(text) + 1), *at = lines;

    if (!lines)
        abort();
    for (const char *p = text, *next; *p; p = next) {
        size_t length = strcspn(p, "\n");

        next = p + length + (p[length] == '\n');
        if ((*p == '!') != rejected)
            continue;
        if (rejected)
            length = strcspn(p, " ");
        memcpy(at, p, length);
        at += length;
        *at++ = '\n';
    }
    *at = 0;
    return lines;
}

/* Is `twice` the text `once`, two times? */
static int is_double(const char *twice, const char *once)
{
    size_t length = strlen(once);

    return strlen(twice) == 2 * length && memcmp(twice, once, length) == 0 &&
           memcmp(twice + length, once, length) == 0;
}

/* The input and a newline, two times over, against one time. */
static void check_double(const struct streamd_format *format, const struct setup *s,
                         const uint8_t *data, size_t size)
{
    char *buffer = malloc(2 * size + 2), *once, *twice;

    if (!buffer)
        abort();
    for (size_t i = 0; i < 2; i++) {
        memcpy(buffer + i * (size + 1), data, size);
        buffer[i * (size + 1) + size] = '\n';
    }
    once = format_host_decode_hex(format, s->options, s->fields, buffer, size + 1, 0, 100, LIMIT);
    twice =
        format_host_decode_hex(format, s->options, s->fields, buffer, 2 * size + 2, 0, 100, LIMIT);
    for (int rejected = 0; rejected < 2; rejected++) {
        char *a = only(once, rejected), *b = only(twice, rejected);

        if (!is_double(b, a))
            abort();
        free(a);
        free(b);
    }
    free(once);
    free(twice);
    free(buffer);
}

void format_fuzz_one(const struct streamd_format *format, const uint8_t *data, size_t size)
{
    const struct setup *s;
    char *whole, *pieces;
    size_t step;
    uint32_t rows;

    if (size < CHOICES)
        return;
    s = choose(format->descriptor.name, data[0]);
    step = data[1] % 64u + 1;
    rows = data[2] % 8u + 1;
    data += CHOICES;
    size -= CHOICES;
    whole = format_host_decode_hex(format, s->options, s->fields, data, size, 0, 1000, LIMIT);
    pieces = format_host_decode_hex(format, s->options, s->fields, data, size, step, rows, LIMIT);
    if (strcmp(whole, pieces) != 0)
        abort();
    free(whole);
    free(pieces);
    /* A line of its own is not what a newline in quotes is, nor a mark behind the beginning. */
    if (strcmp(format->descriptor.name, "csv") != 0 && (size < 3 || data[0] != 0xEF))
        check_double(format, s, data, size);
}
