/*
 * base/text.h - a text that grows, and a few questions about texts.
 *
 * Errors stick: after an allocation failed, everything appended is dropped and text_failed answers
 * 1, so that a writer checks once, at the end. Always NUL-terminated. Not for two threads at once.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Start with {0}; release with text_clear. */
struct text {
    char *data; /* NULL while empty */
    size_t length;
    size_t capacity;
    int failed;
};

/* Append: bytes, a NUL-terminated text, a character, a printf. */
void text_append(struct text *t, const char *data, size_t length);
void text_add(struct text *t, const char *string);
void text_add_char(struct text *t, char c);
void text_printf(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends `string` as a JSON string with its quotes; control bytes and invalid UTF-8 are escaped.
 */
void text_add_json(struct text *t, const char *string, size_t length);

/* The text, "" where empty; valid until the next append. */
const char *text_get(const struct text *t);

/* 1 where an append failed for want of memory. */
int text_failed(const struct text *t);

/* Makes it empty and keeps the memory; releases the memory. */
void text_reset(struct text *t);
void text_clear(struct text *t);

/*
 * The word of `words` (NULL-terminated list) that is most like `word`, for "did you mean": at most
 * a third of its letters differ (one is always allowed); NULL where none is.
 */
const char *text_closest(const char *word, const char *const *words);

/* Length of the valid UTF-8 prefix of data; equal to length where all is valid. NUL is valid here.
 */
size_t text_utf8_prefix(const char *data, size_t length);

#endif
