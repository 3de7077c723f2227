/* streamctl explain: what a code means, from the table in config/codes.h. */
#include "client/client.h"
#include "client/wrap.h"
#include "config/codes.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The number in "SD2104", "sd2104" or "2104"; 0: it is none. */
static int number_of(const char *word)
{
    char *end;
    long number;

    if (strncasecmp(word, "SD", 2) == 0)
        word += 2;
    if (!isdigit((unsigned char)*word))
        return 0;
    number = strtol(word, &end, 10);
    return *end || number > 9999 ? 0 : (int)number;
}

static void print_example(const char *example, struct text *out)
{
    while (example && *example) {
        size_t length = strcspn(example, "\n");

        text_printf(out, "    %.*s\n", (int)length, example);
        example += length + (example[length] == '\n');
    }
}

static void print_code(const struct code *code, struct text *out)
{
    text_printf(out, "SD%04d: %s\n\n", code->number, code->title);
    wrap_text(code->text, 0, 0, out);
    if (code->example)
        text_add_char(out, '\n');
    print_example(code->example, out);
}

static void print_json(const struct code *code, int first, struct text *out)
{
    text_printf(out, "%s{\"code\":\"SD%04d\",\"title\":", first ? "" : ",", code->number);
    text_add_json(out, code->title, strlen(code->title));
    text_add(out, ",\"text\":");
    text_add_json(out, code->text, strlen(code->text));
    text_add(out, ",\"example\":");
    if (code->example)
        text_add_json(out, code->example, strlen(code->example));
    else
        text_add(out, "null");
    text_add_char(out, '}');
}

static int explain_all(const struct client *c)
{
    struct text out = {0};
    const struct code *code;

    text_add(&out, c->json ? "{\"codes\":[" : "");
    for (size_t i = 0; (code = codes_at(i)) != NULL; i++) {
        if (c->json)
            print_json(code, i == 0, &out);
        else
            text_printf(&out, "SD%04d  %s\n", code->number, code->title);
    }
    text_add(&out, c->json ? "]}\n" : "");
    return client_print(&out);
}

int client_explain(struct client *c, int count, char **arguments)
{
    struct text out = {0};

    if (count == 0)
        return explain_all(c);
    text_add(&out, c->json ? "{\"codes\":[" : "");
    for (int i = 0; i < count; i++) {
        const struct code *code = codes_find(number_of(arguments[i]));

        if (!code) {
            text_clear(&out);
            return client_fail(CLIENT_USAGE,
                               "there is no code '%s'; 'streamctl explain' lists them all",
                               arguments[i]);
        }
        if (c->json)
            print_json(code, i == 0, &out);
        else if (i > 0)
            text_add_char(&out, '\n');
        if (!c->json)
            print_code(code, &out);
    }
    text_add(&out, c->json ? "]}\n" : "");
    return client_print(&out);
}
