/*
 * The command line: `streamctl VERB [OPTIONS] [ARGUMENTS]` in any order, --name value or
 * --name=value, -- ends the options. Everything about a verb comes from the tables in verbs.c.
 */
#include "client/client.h"
#include "client/verbs.h"

#include "base/error.h"
#include "client/wrap.h"
#include "config/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What parsing is about. */
struct line {
    struct client *client;
    const struct verb *verb; /* NULL: not yet known */
    int help, version;
    unsigned used; /* flags of the options given */
    int count;
    char **arguments; /* those that are no options; points into argv, which is rearranged */
};

static const struct verb *find_verb(const char *name)
{
    for (const struct verb *v = client_verbs; v->name; v++)
        if (strcmp(v->name, name) == 0)
            return v;
    return NULL;
}

/* --- Help --------------------------------------------------------------------------------------
 */

static void print_option(const struct verb_option *o, struct text *out)
{
    char name[64];

    snprintf(name, sizeof(name), "%c%c%s--%s%s%s", o->letter ? '-' : ' ',
             o->letter ? o->letter : ' ', o->letter ? ", " : "  ", o->name, o->argument ? " " : "",
             o->argument ? o->argument : "");
    text_printf(out, "  %-26s  ", name);
    wrap_text(o->doc, 30, 30, out);
}

static int print_help(const struct client *c, const struct verb *verb)
{
    struct text out = {0};

    if (verb) {
        text_printf(&out, "usage: streamctl %s %s\n\n%s. ", verb->name, verb->arguments,
                    verb->summary);
        wrap_text(verb->details, strlen(verb->summary) + 2, 0, &out);
    } else {
        text_printf(&out,
                    "streamctl %s: pipelines for streamd, checked and run from the command line\n\n"
                    "usage: streamctl VERB [OPTIONS] [ARGUMENTS]\n\n",
                    c->version);
        for (const struct verb *v = client_verbs; v->name; v++)
            if (!v->hidden)
                text_printf(&out, "  %-12s%s\n", v->name, v->summary);
    }
    text_add(&out, "\noptions:\n");
    for (const struct verb_option *o = client_options; o->name; o++)
        if (verb ? !o->flag || (verb->flags & o->flag) : !o->flag)
            print_option(o, &out);
    if (!verb)
        text_add(&out, "\n`streamctl VERB --help' shows more, `man streamctl' everything.\n");
    return client_print(&out);
}

/* --- Options -----------------------------------------------------------------------------------
 */

static int unknown_option(const char *text, size_t length)
{
    const char *names[32], *closest;
    char word[64];
    size_t count = 0;

    for (const struct verb_option *o = client_options; o->name && count < 31; o++)
        names[count++] = o->name;
    names[count] = NULL;
    snprintf(word, sizeof(word), "%.*s", (int)(length < 60 ? length : 60), text);
    closest = text_closest(word, names);
    return client_fail(CLIENT_USAGE, "there is no option '--%s'%s%s%s", word,
                       closest ? "; did you mean '--" : "", closest ? closest : "",
                       closest ? "'?" : "");
}

static int take_number(const char *name, const char *value, long long most, long long *number)
{
    struct streamd_error error;
    int64_t n;

    if (options_parse_int(value, &n, &error))
        return client_fail(CLIENT_USAGE, "--%s: %s", name, error.message);
    if (n < 1 || n > most)
        return client_fail(CLIENT_USAGE, "--%s must be from 1 to %lld", name, most);
    *number = n;
    return CLIENT_OK;
}

/* Is a value among an option's words? */
static int is_word(const char *words, const char *value)
{
    size_t length = strlen(value);

    for (const char *p = words; *p; p += strcspn(p, " "), p += *p == ' ')
        if (strcspn(p, " ") == length && memcmp(p, value, length) == 0)
            return 1;
    return 0;
}

static int take_drop(struct client *c, const char *node)
{
    if (c->drop_count == CLIENT_DROPS_MAX)
        return client_fail(CLIENT_USAGE, "--drop-state can be given %d times", CLIENT_DROPS_MAX);
    c->drop_state[c->drop_count++] = node;
    return CLIENT_OK;
}

static int take_option(struct line *l, const struct verb_option *o, const char *value)
{
    struct client *c = l->client;

    if (o->words && !is_word(o->words, value))
        return client_fail(CLIENT_USAGE, "--%s cannot be '%s'; it is one of: %s", o->name, value,
                           o->words);
    if (strcmp(o->name, "json") == 0)
        c->json = 1;
    else if (strcmp(o->name, "quiet") == 0)
        c->quiet = 1, c->log.level = LOG_LEVEL_ERROR;
    else if (strcmp(o->name, "help") == 0)
        l->help = 1;
    else if (strcmp(o->name, "version") == 0)
        l->version = 1;
    else if (strcmp(o->name, "format") == 0)
        c->format = value;
    else if (strcmp(o->name, "plugin-path") == 0)
        c->plugin_path = value;
    else if (strcmp(o->name, "log-level") == 0)
        c->log.level = log_level_of(value);
    else if (strcmp(o->name, "state-dir") == 0)
        c->state_dir = value;
    else if (strcmp(o->name, "restore") == 0)
        c->restore = value;
    else if (strcmp(o->name, "accept-duplicates") == 0)
        c->accept_duplicates = 1;
    else if (strcmp(o->name, "drop-state") == 0)
        return take_drop(c, value);
    else if (strcmp(o->name, "parallelism") == 0)
        return take_number(o->name, value, 1 << 15, &c->parallelism);
    else if (strcmp(o->name, "batch-rows") == 0)
        return take_number(o->name, value, 1 << 20, &c->batch_rows);
    else if (strcmp(o->name, "channel-slots") == 0)
        return take_number(o->name, value, 1 << 16, &c->channel_slots);
    return CLIENT_OK;
}

/* The option that "--name", "--name=value" or "-x" names, or NULL. */
static const struct verb_option *find_option(const char *text, const char **value)
{
    size_t length;

    *value = NULL;
    if (text[1] != '-') {
        for (const struct verb_option *o = client_options; o->name; o++)
            if (o->letter && text[1] == o->letter && !text[2])
                return o;
        return NULL;
    }
    text += 2;
    length = strcspn(text, "=");
    if (text[length])
        *value = text + length + 1;
    for (const struct verb_option *o = client_options; o->name; o++)
        if (strlen(o->name) == length && memcmp(o->name, text, length) == 0)
            return o;
    return NULL;
}

/* Takes argv[*at], an option, and its value. */
static int parse_option(struct line *l, int argc, char **argv, int *at)
{
    const char *text = argv[*at], *value;
    const struct verb_option *o = find_option(text, &value);

    if (!o && text[1] == '-')
        return unknown_option(text + 2, strcspn(text + 2, "="));
    if (!o)
        return client_fail(CLIENT_USAGE, "there is no option '%s'", text);
    if (!o->argument && value)
        return client_fail(CLIENT_USAGE, "--%s takes no value", o->name);
    if (o->argument && !value) {
        if (*at + 1 >= argc)
            return client_fail(CLIENT_USAGE, "--%s needs a value: %s", o->name, o->argument);
        value = argv[++*at];
    }
    l->used |= o->flag;
    return take_option(l, o, value);
}

/* --- The line ----------------------------------------------------------------------------------
 */

static int unknown_verb(const char *name)
{
    const char *names[32], *closest;
    size_t count = 0;

    for (const struct verb *v = client_verbs; v->name && count < 31; v++)
        if (!v->hidden)
            names[count++] = v->name;
    names[count] = NULL;
    closest = text_closest(name, names);
    return client_fail(CLIENT_USAGE, "there is no verb '%s'%s%s%s", name,
                       closest ? "; did you mean '" : "; see 'streamctl --help",
                       closest ? closest : "", closest ? "'?" : "'");
}

static int parse(struct line *l, int argc, char **argv)
{
    int only_arguments = 0;

    for (int i = 1; i < argc; i++) {
        int rc = CLIENT_OK;

        if (!only_arguments && strcmp(argv[i], "--") == 0) {
            only_arguments = 1;
        } else if (!only_arguments && argv[i][0] == '-' && argv[i][1]) {
            rc = parse_option(l, argc, argv, &i);
        } else if (!l->verb) {
            l->verb = find_verb(argv[i]);
            rc = l->verb ? CLIENT_OK : unknown_verb(argv[i]);
        } else {
            l->arguments[l->count++] = argv[i];
        }
        if (rc)
            return rc;
    }
    return CLIENT_OK;
}

/* Are the options and the number of arguments those of the verb? */
static int check_verb(const struct line *l)
{
    for (const struct verb_option *o = client_options; o->name; o++)
        if (l->used & o->flag & ~l->verb->flags)
            return client_fail(CLIENT_USAGE, "'streamctl %s' has no option '--%s'", l->verb->name,
                               o->name);
    if (l->count >= l->verb->least && l->count <= l->verb->most)
        return CLIENT_OK;
    return client_fail(CLIENT_USAGE, "usage: streamctl %s %s", l->verb->name, l->verb->arguments);
}

int client_main(struct client *c, int argc, char **argv)
{
    struct line l = {.client = c, .arguments = argv};
    int rc = parse(&l, argc, argv);
    struct text out = {0};

    if (rc)
        return rc;
    if (l.version) {
        text_printf(&out, "streamctl %s\n", c->version);
        return client_print(&out);
    }
    if (l.help)
        return print_help(c, l.verb);
    if (!l.verb) {
        return client_fail(CLIENT_USAGE, "usage: streamctl VERB [OPTIONS] [ARGUMENTS]; see "
                                         "'streamctl --help'");
    }
    rc = check_verb(&l);
    return rc ? rc : l.verb->run(c, l.count, l.arguments);
}
