/* One line, one write. A line that is too long is cut: a log must not fail. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const words[] = {"", "error", "warning", "info", "debug"};
static const char *const priorities[] = {"", "<3>", "<4>", "<6>", "<7>"};

void log_write(const struct log *log, enum log_level level, const char *format, ...)
{
    char line[2048];
    va_list args;
    int start, body;
    size_t length, written = 0;

    if (!log || level > log->level)
        return;
    start =
        snprintf(line, sizeof(line), "%s%s: ", log->journal ? priorities[level] : "", words[level]);
    va_start(args, format);
    body = vsnprintf(line + start, sizeof(line) - (size_t)start - 1, format, args);
    va_end(args);
    if (start < 0 || body < 0)
        return;
    length = strlen(line);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = ' ';
    line[length++] = '\n';
    while (written < length) {
        ssize_t n = write(log->descriptor, line + written, length - written);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        written += (size_t)n;
    }
}

enum log_level log_level_of(const char *word)
{
    for (int i = LOG_LEVEL_ERROR; i <= LOG_LEVEL_DEBUG; i++)
        if (strcmp(word, words[i]) == 0)
            return (enum log_level)i;
    return (enum log_level)0;
}
