/* streamctl echo: the file as streamd reads it. What could not be read is said first. */
#include "client/load.h"

int client_echo(struct client *c, int count, char **arguments)
{
    struct loaded l = {0};
    struct text out = {0};
    int code;

    (void)count;
    load_file(&l, c, arguments[0], LOAD_DOCUMENT);
    code = load_exit(&l);
    if (code) {
        load_report(&l, c);
    } else {
        if (c->json)
            document_json(l.document.root, &out, 1);
        else
            document_yaml(l.document.root, &out);
        if (c->json)
            text_add_char(&out, '\n');
        code = client_print(&out);
    }
    load_clear(&l);
    return code;
}
