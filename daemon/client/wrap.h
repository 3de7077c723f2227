/* client/wrap.h - paragraphs for terminals. */
#ifndef CLIENT_WRAP_H
#define CLIENT_WRAP_H

#include "base/text.h"

/*
 * Appends words in lines of at most 78 characters and a newline. The first line begins at `column`,
 * further ones are indented by `indent`.
 */
void wrap_text(const char *words, size_t column, size_t indent, struct text *out);

#endif
