/*
 * Output. Standard output may be a pipe whose reader has seen enough: that is no failure, and says
 * nothing.
 */
#include "client/client.h"

#include "plugin/registry.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Writes and releases. 0, or an errno. */
static int write_out(int fd, struct text *text)
{
    const char *at = text_get(text);
    size_t left = text->length;
    int result = text_failed(text) ? ENOMEM : 0;

    while (left > 0 && !result) {
        ssize_t n = write(fd, at, left);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            result = errno;
        else
            at += n, left -= (size_t)n;
    }
    text_clear(text);
    return result;
}

int client_print(struct text *text)
{
    int error = write_out(STDOUT_FILENO, text);
    char buffer[128];

    if (!error || error == EPIPE)
        return CLIENT_OK;
    return client_fail(CLIENT_FAILED, "cannot write: %s",
                       strerror_r(error, buffer, sizeof(buffer)));
}

int client_complain(struct text *text)
{
    return write_out(STDERR_FILENO, text) == ENOMEM ? CLIENT_FAILED : CLIENT_OK;
}

void client_plugin_path(const struct client *c, struct text *out)
{
    const char *parts[] = {c->plugin_path, c->environment_plugins, c->built_plugins,
                           c->installed_plugins};

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (parts[i] && *parts[i])
            text_printf(out, "%s%s", out->length ? ":" : "", parts[i]);
}

struct plugin_registry *client_registry(const struct client *c)
{
    struct plugin_registry *registry;
    struct text path = {0};

    client_plugin_path(c, &path);
    registry = text_failed(&path) ? NULL : plugin_registry_new(text_get(&path));
    text_clear(&path);
    return registry;
}

int client_fail(int code, const char *format, ...)
{
    struct text line = {0};
    char message[600];
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    text_printf(&line, "streamctl: %s\n", message);
    (void)client_complain(&line);
    return code;
}
