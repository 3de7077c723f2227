/*
 * expr/lexer.h - the tokens of an expression, as PostgreSQL's lexer cuts them.
 *
 * The parser works alone; this lexer finds again, in the text, what the parser does not tell:
 * how names are written, how long a token is that a caret points at, and whether brackets balance.
 */
#ifndef EXPR_LEXER_H
#define EXPR_LEXER_H

#include <stddef.h>

enum lexer_kind {
    LEXER_END,
    LEXER_WORD,     /* a name or a keyword */
    LEXER_QUOTED,   /* a name in double quotes */
    LEXER_STRING,   /* any kind of string, with its prefix and quotes */
    LEXER_NUMBER,   /* an integer, a decimal, $1 */
    LEXER_OPERATOR, /* a run of operator characters, ::, := */
    LEXER_OTHER     /* one byte: a bracket, a comma, anything unknown */
};

struct lexer_token {
    enum lexer_kind kind;
    size_t offset, length; /* in bytes of the text */
};

/* The first token at or after `at`, behind blanks and comments. A string, name or comment that is
   not closed reaches to the end of the text. */
struct lexer_token lexer_next(const char *text, size_t length, size_t at);

#endif
