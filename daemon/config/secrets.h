/*
 * config/secrets.h - which bytes of a file must not be printed.
 *
 * Internal to config. Secret is what a secret option reads; and, since a file may be so broken that
 * no option was ever looked at, what stands behind a key that sounds like a secret.
 */
#ifndef CONFIG_SECRETS_H
#define CONFIG_SECRETS_H

#include "config/document.h"

/* A piece of the file; zeroed before the first call. */
struct secret_piece {
    size_t start, end;
    const struct secret_range *range; /* where the search goes on */
    int in_text;
};

/* The next secret piece that touches bytes [from, to), after `piece`. 1, or 0: there is none. */
int secrets_next(const struct document *doc, size_t from, size_t to, struct secret_piece *piece);

/* 1 where a scalar's text must not be shown: it is secret, or stands where the anchor of one is. */
int secrets_cover(const struct node *node);

/* 1 for a key such as password, api_key, sasl.password. */
int secrets_key_sounds_secret(const char *key, size_t length);

#endif
