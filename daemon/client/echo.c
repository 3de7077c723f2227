/*
 * streamctl echo: the file as streamd reads it. What could not be read is said instead. Plugins are
 * asked which of their options are secret; that they may be missing, or dislike the file, is not
 * this verb's business.
 */
#include "client/load.h"

int client_echo(struct client *c, int count, char **arguments)
{
    struct loaded l = {0}, judged = {0};
    struct text out = {0};
    int code;

    (void)count;
    load_file(&l, c, arguments[0], LOAD_DOCUMENT);
    code = load_exit(&l);
    if (code) {
        load_report(&l, c);
    } else {
        load_file(&judged, c, arguments[0], LOAD_PLAN);
        if (c->json)
            document_json(judged.document.root, &out, 1);
        else
            document_yaml(judged.document.root, &out);
        if (c->json)
            text_add_char(&out, '\n');
        code = client_print(&out);
    }
    load_clear(&l);
    load_clear(&judged);
    return code;
}
