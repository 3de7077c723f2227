/* streamctl completion: scripts for shells, made from the tables of verbs and options. */
#include "client/client.h"
#include "client/verbs.h"

#include <string.h>

static int has_option(const struct verb *v, const struct verb_option *o)
{
    return !o->flag || (v->flags & o->flag);
}

/* --- bash --------------------------------------------------------------------------------------
 */

static void bash_verbs(struct text *out)
{
    for (const struct verb *v = client_verbs; v->name; v++)
        if (!v->hidden)
            text_printf(out, "%s%s", v == client_verbs ? "" : " ", v->name);
}

static void bash_options(const struct verb *v, struct text *out)
{
    int first = 1;

    for (const struct verb_option *o = client_options; o->name; o++)
        if (has_option(v, o)) {
            text_printf(out, "%s--%s", first ? "" : " ", o->name);
            first = 0;
        }
}

static void print_bash(struct text *out)
{
    text_add(out,
             "# bash completion for streamctl; written by `streamctl completion bash'.\n"
             "_streamctl() {\n"
             "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} verb= i\n"
             "    COMPREPLY=()\n"
             "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
             "        [[ ${COMP_WORDS[i]} == -* ]] || { verb=${COMP_WORDS[i]}; break; }\n"
             "    done\n"
             "    case $before in\n");
    for (const struct verb_option *o = client_options; o->name; o++)
        if (o->argument && o->words)
            text_printf(
                out,
                "    --%s) mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$word\"); return ;;\n",
                o->name, o->words);
    text_add(out,
             "    --plugin-path) mapfile -t COMPREPLY < <(compgen -d -- \"$word\"); return ;;\n"
             "    --batch-rows|--channel-slots) return ;;\n"
             "    esac\n"
             "    case $verb in\n"
             "    '') mapfile -t COMPREPLY < <(compgen -W '");
    bash_verbs(out);
    text_add(out, " --help --version' -- \"$word\"); return ;;\n");
    for (const struct verb *v = client_verbs; v->name; v++) {
        if (v->hidden)
            continue;
        text_printf(out, "    %s) [[ $word == -* ]] && { mapfile -t COMPREPLY < <(compgen -W '",
                    v->name);
        bash_options(v, out);
        text_add(out, "' -- \"$word\"); return; }\n");
        if (v->words && *v->words)
            text_printf(out,
                        "        mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$word\"%s) ;;\n",
                        v->words, v->flags & VERB_ANY_FILE ? "; compgen -f -- \"$word\"" : "");
        else if (v->words)
            text_add(out, "        ;;\n");
        else
            text_add(out, "        mapfile -t COMPREPLY < <(compgen -f -X '!*.y*ml' -- \"$word\"; "
                          "compgen -d -- \"$word\") ;;\n");
    }
    text_add(out, "    esac\n}\ncomplete -o filenames -F _streamctl streamctl\n");
}

/* --- zsh ---------------------------------------------------------------------------------------
 */

/* A text inside of '...' that stands in [...] of an option's description. */
static void zsh_quoted(const char *text, struct text *out)
{
    for (; *text; text++) {
        if (*text == '\'')
            text_add(out, "'\\''");
        else if (strchr("[]:", *text))
            text_printf(out, "\\%c", *text);
        else
            text_add_char(out, *text);
    }
}

static void zsh_option(const struct verb_option *o, struct text *out)
{
    text_printf(out, " \\\n            '--%s[", o->name);
    zsh_quoted(o->doc, out);
    text_add(out, "]");
    if (o->argument && o->words)
        text_printf(out, ":%s:(%s)", o->argument, o->words);
    else if (o->argument)
        text_printf(out, ":%s:%s", o->argument,
                    strcmp(o->argument, "FOLDERS") == 0 ? "_files -/" : "");
    text_add_char(out, '\'');
}

static void print_zsh(struct text *out)
{
    text_add(out, "#compdef streamctl\n"
                  "# zsh completion for streamctl; written by `streamctl completion zsh'.\n"
                  "_streamctl() {\n"
                  "    local -a verbs\n"
                  "    verbs=(\n");
    for (const struct verb *v = client_verbs; v->name; v++)
        if (!v->hidden) {
            text_printf(out, "        '%s:", v->name);
            zsh_quoted(v->summary, out);
            text_add(out, "'\n");
        }
    text_add(out, "    )\n"
                  "    if (( CURRENT == 2 )); then\n"
                  "        _describe verb verbs\n"
                  "        return\n"
                  "    fi\n"
                  "    case $words[2] in\n");
    for (const struct verb *v = client_verbs; v->name; v++) {
        if (v->hidden)
            continue;
        text_printf(out, "        %s) shift words; (( CURRENT-- )); _arguments", v->name);
        for (const struct verb_option *o = client_options; o->name; o++)
            if (has_option(v, o))
                zsh_option(o, out);
        if (v->words && *v->words && v->flags & VERB_ANY_FILE)
            text_printf(out,
                        " \\\n            '1:argument:_alternative \"words:word:(%s)\" "
                        "\"files:file:_files\"'"
                        " '*:file:_files'",
                        v->words);
        else if (v->words && *v->words)
            text_printf(out, " \\\n            '*:%s:(%s)'", "argument", v->words);
        else if (!v->words)
            text_add(out, " \\\n            '*:file:_files -g \"*.(yaml|yml)\"'");
        text_add(out, " ;;\n");
    }
    text_add(out, "    esac\n}\n_streamctl \"$@\"\n");
}

/* --- fish --------------------------------------------------------------------------------------
 */

static void fish_quoted(const char *text, struct text *out)
{
    text_add_char(out, '\'');
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            text_add_char(out, '\\');
        text_add_char(out, *text);
    }
    text_add_char(out, '\'');
}

static void fish_option(const struct verb *v, const struct verb_option *o, struct text *out)
{
    text_printf(out, "complete -c streamctl -n '__fish_seen_subcommand_from %s' -l %s", v->name,
                o->name);
    if (o->letter)
        text_printf(out, " -s %c", o->letter);
    if (o->argument)
        text_add(out, o->words ? " -x" : " -r");
    if (o->words)
        text_printf(out, " -a '%s'", o->words);
    text_add(out, " -d ");
    fish_quoted(o->doc, out);
    text_add_char(out, '\n');
}

static void print_fish(struct text *out)
{
    text_add(out, "# fish completion for streamctl; written by `streamctl completion fish'.\n");
    for (const struct verb *v = client_verbs; v->name; v++) {
        if (v->hidden)
            continue;
        text_printf(out, "complete -c streamctl -n __fish_use_subcommand -f -a %s -d ", v->name);
        fish_quoted(v->summary, out);
        text_add_char(out, '\n');
        for (const struct verb_option *o = client_options; o->name; o++)
            if (has_option(v, o))
                fish_option(v, o, out);
        if (v->words && *v->words)
            text_printf(out,
                        "complete -c streamctl -n '__fish_seen_subcommand_from %s'%s -a '%s'\n",
                        v->name, v->flags & VERB_ANY_FILE ? "" : " -f", v->words);
    }
}

int client_completion(struct client *c, int count, char **arguments)
{
    struct text out = {0};

    (void)c;
    (void)count;
    if (strcmp(arguments[0], "bash") == 0)
        print_bash(&out);
    else if (strcmp(arguments[0], "zsh") == 0)
        print_zsh(&out);
    else if (strcmp(arguments[0], "fish") == 0)
        print_fish(&out);
    else
        return client_fail(CLIENT_USAGE, "'%s' is not bash, zsh or fish", arguments[0]);
    return client_print(&out);
}
