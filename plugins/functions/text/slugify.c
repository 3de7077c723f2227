/*
 * slugify: a text as a part of an address or a file name: "Crème Brûlée & Co." ->
 * "creme-brulee-co". Letters of ASCII and digits stay, in small; Latin letters with marks lose
 * them; everything else becomes one hyphen, none at the ends.
 */
#include "text.h"

#include <string.h>

/* U+00C0 to U+017F without their marks. */
enum { FIRST = 0xc0, LAST = 0x17f };
/* clang-format off */
static const char latin[LAST - FIRST + 1][3] = {
    "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i", "i",
    "d", "n", "o", "o", "o", "o", "o", "", "o", "u", "u", "u", "u", "y", "th", "ss",
    "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i", "i",
    "d", "n", "o", "o", "o", "o", "o", "", "o", "u", "u", "u", "u", "y", "th", "y",
    "a", "a", "a", "a", "a", "a", "c", "c", "c", "c", "c", "c", "c", "c", "d", "d",
    "d", "d", "e", "e", "e", "e", "e", "e", "e", "e", "e", "e", "g", "g", "g", "g",
    "g", "g", "g", "g", "h", "h", "h", "h", "i", "i", "i", "i", "i", "i", "i", "i",
    "i", "i", "ij", "ij", "j", "j", "k", "k", "k", "l", "l", "l", "l", "l", "l", "l",
    "l", "l", "l", "n", "n", "n", "n", "n", "n", "n", "n", "n", "o", "o", "o", "o",
    "o", "o", "oe", "oe", "r", "r", "r", "r", "r", "r", "s", "s", "s", "s", "s", "s",
    "s", "s", "t", "t", "t", "t", "t", "t", "u", "u", "u", "u", "u", "u", "u", "u",
    "u", "u", "u", "u", "w", "w", "y", "y", "y", "z", "z", "z", "z", "z", "z", "s",
};
/* clang-format on */

/* What a code point becomes: up to two letters, "" for nothing. */
static const char *plain(uint32_t c, char letter[2])
{
    letter[1] = 0;
    if (c >= FIRST && c <= LAST)
        return latin[c - FIRST];
    letter[0] = (char)(c < 0x80 ? c : 0);
    if (c >= 'A' && c <= 'Z')
        letter[0] = (char)(c + ('a' - 'A'));
    else if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'))
        letter[0] = 0;
    return letter;
}

/* Writes at most 2 x s.length bytes, for a letter has at least one byte and gives at most a hyphen
   and two letters out of two bytes. Answers how many. */
static size_t slug(struct streamd_str s, char *out)
{
    size_t used = 0, at = 0;
    int gap = 0;

    while (at < s.length) {
        char letter[2];
        const char *letters = plain(text_next(s, &at), letter);
        size_t n = strlen(letters);
        if (n && gap && used)
            out[used++] = '-';
        gap = n == 0;
        memcpy(out + used, letters, n);
        used += n;
    }
    return used;
}

int slugify_kernel(struct streamd_call *call)
{
    struct streamd_str *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t row = call->sel ? call->sel[k] : k;
        struct streamd_str s = text_argument(call, 0, row);
        char *out = call->host->alloc(call, 2 * s.length + 1);
        if (!out)
            return STREAMD_E_NOMEM;
        result[row].data = out;
        result[row].length = slug(s, out);
    }
    return 0;
}
