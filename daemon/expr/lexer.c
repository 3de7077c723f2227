/*
 * One function per kind of token, each answering where the token ends. The rules are those of
 * PostgreSQL's scan.l with standard_conforming_strings on: a backslash escapes in E'' only, block
 * comments nest, and an operator ends where a comment begins.
 */
#include "expr/lexer.h"

#include <string.h>

struct cursor {
    const char *text;
    size_t length;
};

static char at(const struct cursor *c, size_t i)
{
    return i < c->length ? c->text[i] : '\0';
}

static int is_space(char ch)
{
    return ch == ' ' || (ch >= '\t' && ch <= '\r');
}

static int is_digit(char ch)
{
    return ch >= '0' && ch <= '9';
}

static int is_word_start(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_' || (ch & 0x80);
}

static int is_word(char ch)
{
    return is_word_start(ch) || is_digit(ch) || ch == '$';
}

static int is_operator(char ch)
{
    return ch != '\0' && strchr("~!@#^&|`?+-*/%<>=", ch) != NULL;
}

static int starts_comment(const struct cursor *c, size_t i)
{
    return (at(c, i) == '-' && at(c, i + 1) == '-') || (at(c, i) == '/' && at(c, i + 1) == '*');
}

static size_t skip_block_comment(const struct cursor *c, size_t i)
{
    size_t depth = 0;

    while (i < c->length) {
        if (at(c, i) == '/' && at(c, i + 1) == '*') {
            depth++;
            i += 2;
        } else if (at(c, i) == '*' && at(c, i + 1) == '/') {
            i += 2;
            if (--depth == 0)
                break;
        } else {
            i++;
        }
    }
    return i < c->length ? i : c->length;
}

static size_t skip_blanks(const struct cursor *c, size_t i)
{
    while (i < c->length) {
        if (is_space(c->text[i])) {
            i++;
        } else if (at(c, i) == '-' && at(c, i + 1) == '-') {
            while (i < c->length && c->text[i] != '\n' && c->text[i] != '\r')
                i++;
        } else if (at(c, i) == '/' && at(c, i + 1) == '*') {
            i = skip_block_comment(c, i);
        } else {
            break;
        }
    }
    return i;
}

/* From the opening quote to behind the closing one; a doubled quote is part of the text. */
static size_t end_of_quoted(const struct cursor *c, size_t i, char quote, int escapes)
{
    for (i++; i < c->length; i++) {
        if (escapes && c->text[i] == '\\') {
            i++;
        } else if (c->text[i] == quote) {
            if (at(c, i + 1) != quote)
                return i + 1;
            i++;
        }
    }
    return c->length;
}

/* $tag$ ... $tag$, or 0 where no tag begins. */
static size_t end_of_dollar_quoted(const struct cursor *c, size_t start)
{
    size_t i = start + 1, tag;

    if (is_word_start(at(c, i))) {
        while (is_word(at(c, i)) && at(c, i) != '$')
            i++;
    }
    if (at(c, i) != '$')
        return 0;
    tag = i + 1 - start;
    for (i++; i + tag <= c->length; i++) {
        if (memcmp(c->text + i, c->text + start, tag) == 0)
            return i + tag;
    }
    return c->length;
}

static size_t end_of_number(const struct cursor *c, size_t i)
{
    while (is_digit(at(c, i)))
        i++;
    if (at(c, i) == '.' && at(c, i + 1) != '.') {
        i++;
        while (is_digit(at(c, i)))
            i++;
    }
    if (at(c, i) == 'e' || at(c, i) == 'E') {
        size_t e = i + 1;

        if (at(c, e) == '+' || at(c, e) == '-')
            e++;
        if (is_digit(at(c, e))) {
            while (is_digit(at(c, e)))
                e++;
            i = e;
        }
    }
    return i;
}

/* A letter and a quote: E'..', B'..', X'..', N'..', U&'..', U&"..". Sets the quote's place. */
static int has_prefix(const struct cursor *c, size_t i, size_t *quote)
{
    char ch = at(c, i);

    if (ch != '\0' && strchr("eEbBxXnN", ch) && at(c, i + 1) == '\'') {
        *quote = i + 1;
        return 1;
    }
    if ((ch == 'u' || ch == 'U') && at(c, i + 1) == '&' &&
        (at(c, i + 2) == '\'' || at(c, i + 2) == '"')) {
        *quote = i + 2;
        return 1;
    }
    return 0;
}

static size_t end_of_operator(const struct cursor *c, size_t i)
{
    while (is_operator(at(c, i)) && !starts_comment(c, i))
        i++;
    return i;
}

static struct lexer_token token(enum lexer_kind kind, size_t offset, size_t end)
{
    struct lexer_token t = {kind, offset, end - offset};

    return t;
}

struct lexer_token lexer_next(const char *text, size_t length, size_t start)
{
    struct cursor c = {text, length};
    size_t i = skip_blanks(&c, start), quote, end;
    char ch = at(&c, i);

    if (i >= length)
        return token(LEXER_END, length, length);
    if (has_prefix(&c, i, &quote)) {
        end = end_of_quoted(&c, quote, text[quote], ch == 'e' || ch == 'E');
        return token(text[quote] == '"' ? LEXER_QUOTED : LEXER_STRING, i, end);
    }
    if (ch == '\'')
        return token(LEXER_STRING, i, end_of_quoted(&c, i, ch, 0));
    if (ch == '"')
        return token(LEXER_QUOTED, i, end_of_quoted(&c, i, ch, 0));
    if (is_word_start(ch)) {
        for (end = i; is_word(at(&c, end));)
            end++;
        return token(LEXER_WORD, i, end);
    }
    if (is_digit(ch) || (ch == '.' && is_digit(at(&c, i + 1))))
        return token(LEXER_NUMBER, i, end_of_number(&c, i));
    if (ch == '$') {
        if (is_digit(at(&c, i + 1)))
            return token(LEXER_NUMBER, i, end_of_number(&c, i + 1));
        end = end_of_dollar_quoted(&c, i);
        if (end)
            return token(LEXER_STRING, i, end);
    }
    if (ch == ':' && (at(&c, i + 1) == ':' || at(&c, i + 1) == '='))
        return token(LEXER_OPERATOR, i, i + 2);
    if (is_operator(ch))
        return token(LEXER_OPERATOR, i, end_of_operator(&c, i));
    return token(LEXER_OTHER, i, i + 1);
}
