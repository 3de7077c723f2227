/*
 * W1, hand-fused: keep records with amount >= 75 and write user, at and amount of them.
 * The filter compares cents; the kept fields are copied as the bytes they came in (a trailing zero
 * of the amount is dropped, as every shortest-round-trip printer does).
 */
#include "ndjson.h"

int main(int argc, char **argv)
{
    static struct reader in;
    static struct writer out;
    const char *line;
    size_t length;

    open_files(argc, argv, &in, &out);
    while ((line = reader_line(&in, &length)) != NULL) {
        struct event e;
        if (parse_event(line, length, &e) != 0)
            die("not a record of bench/gen/events.c");
        if (e.cents < 7500)
            continue;
        char *start = writer_room(&out, 256);
        char *p = PUT_LITERAL(start, "{\"user\":\"");
        p = put(p, e.user, e.user_bytes);
        p = PUT_LITERAL(p, "\",\"at\":\"");
        p = put(p, e.at, 24);
        p = PUT_LITERAL(p, "\",\"amount\":");
        p = put_cents(p, e.cents);
        p = PUT_LITERAL(p, "}\n");
        out.used += (size_t)(p - start);
    }
    writer_flush(&out);
    return 0;
}
