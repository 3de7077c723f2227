/* Members of messages: what is missing or of another type is named. */
#include "control/message.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

#include <string.h>

const char *control_text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

int control_number(const json_t *object, const char *name, int64_t least, int64_t most,
                   int64_t *number, struct streamd_error *error)
{
    const json_t *value = json_object_get(object, name);

    if (!json_is_integer(value) || json_integer_value(value) < least ||
        json_integer_value(value) > most)
        return error_set(error, STREAMD_E_DATA,
                         "'%s' of a control message is no whole number from %lld to %lld", name,
                         (long long)least, (long long)most);
    *number = json_integer_value(value);
    return 0;
}

json_t *control_string(const char *text)
{
    size_t length = strlen(text), at = 0;
    char *copy = memory_strndup(text, length);
    json_t *string;

    if (!copy)
        return NULL;
    while ((at += text_utf8_prefix(copy + at, length - at)) < length)
        copy[at++] = '?';
    string = json_stringn(copy, length);
    memory_free(copy);
    return string;
}

json_t *control_error_json(const struct streamd_error *error)
{
    return json_pack("{s:i, s:i, s:i, s:o}", "code", error->code, "class", (int)error->cls,
                     "diagnostic", error->diagnostic, "message", control_string(error->message));
}

void control_error_read(const json_t *object, struct streamd_error *error)
{
    const char *message = control_text(object, "message");
    int64_t code, cls, diagnostic;

    if (!message || control_number(object, "code", -1000, -1, &code, NULL) ||
        control_number(object, "class", STREAMD_RETRY, STREAMD_BUG, &cls, NULL) ||
        control_number(object, "diagnostic", 0, 9999, &diagnostic, NULL)) {
        (void)error_set_full(error, STREAMD_E_DATA, STREAMD_BUG, 0,
                             "a control message tells of an error in no known form");
        return;
    }
    (void)error_set_full(error, (int)code, (enum streamd_class)cls, (int)diagnostic, "%s", message);
}
