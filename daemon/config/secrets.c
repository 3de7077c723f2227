/*
 * Known secrets are a short list of ranges, noted when an option marks a node. Where the YAML is
 * broken there are no options, so the text itself is searched for keys that sound like secrets.
 */
#include "config/secrets.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char *const words[] = {
    "password",    "passwd",     "passphrase", "pass",          "secret",
    "token",       "apikey",     "api_key",    "private_key",   "credential",
    "credentials", "access_key", "secret_key", "authorization", NULL,
};

int secrets_key_sounds_secret(const char *key, size_t length)
{
    for (size_t i = 0; words[i]; i++) {
        size_t n = strlen(words[i]);

        if (length < n || strncasecmp(key + length - n, words[i], n) != 0)
            continue;
        if (length == n || !isalnum((unsigned char)key[length - n - 1]))
            return 1;
    }
    return 0;
}

int secrets_cover(const struct node *node)
{
    if (node->secret)
        return 1;
    for (const struct secret_range *r = node->document->secrets; r; r = r->next)
        if (r->offset == node->offset && r->length == node->length)
            return 1;
    return 0;
}

static int is_key_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

/* Where the value that begins at `at` ends: at its quote, a flow separator, or the line's end. */
static size_t value_end(const char *data, size_t at, size_t limit)
{
    char quote = data[at];

    if (quote == '"' || quote == '\'') {
        for (size_t i = at + 1; i < limit && data[i] != '\n'; i++)
            if (data[i] == quote && data[i - 1] != '\\')
                return i + 1;
    }
    while (at < limit && data[at] != '\n' && data[at] != ',' && data[at] != '}')
        at++;
    return at;
}

/* Searches bytes [from, to) for "password: value" from position `at` on. */
static int search_text(const struct document *doc, size_t at, size_t to, struct secret_piece *piece)
{
    for (; at < to; at++) {
        size_t key = at, start = at + 1;

        if (doc->data[at] != ':')
            continue;
        while (key > 0 && (doc->data[key - 1] == '"' || doc->data[key - 1] == '\''))
            key--;
        start = key;
        while (start > 0 && is_key_byte(doc->data[start - 1]))
            start--;
        if (!secrets_key_sounds_secret(doc->data + start, key - start))
            continue;
        for (start = at + 1; start < to && doc->data[start] == ' ';)
            start++;
        if (start >= to || doc->data[start] == '\n')
            continue;
        piece->start = start;
        piece->end = value_end(doc->data, start, doc->length);
        return 1;
    }
    return 0;
}

int secrets_next(const struct document *doc, size_t from, size_t to, struct secret_piece *piece)
{
    const struct secret_range *range = piece->range ? piece->range->next : doc->secrets;

    if (!piece->in_text) {
        for (; range; range = range->next) {
            if (range->offset >= to || range->offset + range->length <= from)
                continue;
            piece->range = range;
            piece->start = range->offset;
            piece->end = range->offset + range->length;
            return 1;
        }
    }
    if (!doc->broken)
        return 0;
    if (!piece->in_text) {
        piece->in_text = 1;
        piece->end = from;
    }
    return search_text(doc, piece->end, to, piece);
}
