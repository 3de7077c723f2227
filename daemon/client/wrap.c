/* Greedy filling; a word that is longer than a line stands alone. */
#include "client/wrap.h"

#include <string.h>

enum { WIDTH = 78 };

/* Characters, not bytes. */
static size_t width_of(const char *word, size_t length)
{
    size_t width = 0;

    for (size_t i = 0; i < length; i++)
        width += ((unsigned char)word[i] & 0xc0) != 0x80;
    return width;
}

void wrap_text(const char *words, size_t column, size_t indent, struct text *out)
{
    int first = 1; /* on its line */

    while (*words) {
        size_t length, width;

        words += strspn(words, " \n");
        length = strcspn(words, " \n");
        width = width_of(words, length);
        if (length == 0)
            break;
        if (!first && column + 1 + width > WIDTH) {
            text_add_char(out, '\n');
            for (size_t i = 0; i < indent; i++)
                text_add_char(out, ' ');
            column = indent;
            first = 1;
        }
        if (!first) {
            text_add_char(out, ' ');
            column++;
        }
        text_append(out, words, length);
        column += width;
        words += length;
        first = 0;
    }
    text_add_char(out, '\n');
}
