/*
 * The host for formats.
 */
#include "format_host.h"

#include <streamd/convert.h>
#include <streamd/error.h>

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void die(const char *what, const char *detail)
{
    fprintf(stderr, "format_host: %s: %s\n", what, detail);
    exit(2);
}

static void *checked(void *memory)
{
    if (!memory)
        die("malloc", strerror(ENOMEM));
    return memory;
}

static void *keep(struct format_host *h, void *memory)
{
    h->memory = checked(realloc(h->memory, (h->memory_count + 1) * sizeof(void *)));
    h->memory[h->memory_count++] = memory;
    return memory;
}

static char *keep_text(struct format_host *h, const char *text, size_t length)
{
    return keep(h, checked(strndup(text, length)));
}

static struct format_host *host_of(struct streamd_context *c)
{
    return (struct format_host *)c;
}

/* ---- services ----------------------------------------------------------------------------- */

static int is_to_fail(struct format_host *h)
{
    h->alloc_count++;
    return h->alloc_fail_at && (size_t)h->alloc_fail_at == h->alloc_count;
}

static void *host_alloc(struct streamd_context *c, size_t bytes)
{
    return is_to_fail(host_of(c)) ? NULL : malloc(bytes);
}

static void *host_realloc(struct streamd_context *c, void *old, size_t bytes)
{
    return is_to_fail(host_of(c)) ? NULL : realloc(old, bytes);
}

static void host_free(struct streamd_context *c, void *memory)
{
    (void)c;
    free(memory);
}

static enum streamd_flow host_fail(struct streamd_context *c, enum streamd_class cls,
                                   int diagnostic, const char *message)
{
    (void)cls;
    (void)diagnostic;
    snprintf(host_of(c)->failure, sizeof(host_of(c)->failure), "%s", message);
    return STREAMD_FAILED;
}

static void host_log(struct streamd_context *c, int level, const char *message)
{
    (void)level;
    snprintf(host_of(c)->logged, sizeof(host_of(c)->logged), "%s", message);
}

static int host_batch_nullable(struct streamd_context *c, struct streamd_batch *b, uint32_t column)
{
    (void)c;
    return batch_nullable(b, column);
}

/* Makes the data of a column exactly as large as is asked for, so that a sanitizer sees a byte too
   many; with some more in large batches. It lives as long as the host. */
static int host_batch_reserve(struct streamd_context *c, struct streamd_batch *b, uint32_t column,
                              size_t bytes)
{
    struct format_host *h = host_of(c);
    struct streamd_column *col = &b->columns[column];
    size_t used = (size_t)col->offsets[b->rows], capacity = used + bytes;
    uint8_t *data;

    if (capacity <= col->data_capacity)
        return 0;
    if (capacity > INT32_MAX)
        return STREAMD_E_LIMIT;
    if (is_to_fail(h))
        return STREAMD_E_NOMEM;
    capacity += b->rows < 64 ? 0 : used;
    data = keep(h, checked(malloc(capacity)));
    if (used)
        memcpy(data, col->data, used);
    col->data = data;
    col->data_capacity = capacity;
    return 0;
}

static int host_reject_raw(struct streamd_context *c, const void *data, size_t length,
                           uint64_t position, int code, const char *message)
{
    struct format_host *h = host_of(c);
    struct format_host_reject *r;

    if (h->reject_limit && h->reject_count == h->reject_limit)
        return STREAMD_E_DATA;
    if (h->reject_count == h->reject_capacity) {
        h->reject_capacity = h->reject_capacity ? 2 * h->reject_capacity : 64;
        h->rejects = checked(realloc(h->rejects, h->reject_capacity * sizeof(*h->rejects)));
    }
    r = &h->rejects[h->reject_count++];
    r->position = position;
    r->code = code;
    r->message = checked(strdup(message));
    r->data = checked(malloc(length + 1));
    r->length = length;
    if (length)
        memcpy(r->data, data, length);
    return 0;
}

static int host_buffer_reserve(struct streamd_context *c, struct streamd_buffer *b, size_t bytes)
{
    struct format_host *h = host_of(c);
    uint8_t *grown;

    /* No more than was asked for, so that a byte too many is noticed. */
    grown = is_to_fail(h) ? NULL : realloc(b->data, b->length + bytes);
    if (!grown)
        return STREAMD_E_NOMEM;
    b->data = grown;
    b->capacity = b->length + bytes;
    return 0;
}

static void host_buffer_clear(struct streamd_context *c, struct streamd_buffer *b)
{
    (void)c;
    free(b->data);
    memset(b, 0, sizeof(*b));
}

/* ---- options ------------------------------------------------------------------------------ */

/* Takes off YAML's quotes, and resolves what stands behind a backslash. */
static char *unescape(char *text)
{
    size_t length = strlen(text);
    char *at;

    if (length >= 2 && *text == '\'' && text[length - 1] == '\'') {
        text[length - 1] = 0;
        text++;
    }
    at = text;

    for (const char *p = text; *p; p++) {
        if (*p == '\\' && p[1]) {
            p++;
            *at++ = *p == 't' ? '\t' : *p == 'n' ? '\n' : *p == 's' ? ' ' : *p;
        } else {
            *at++ = *p;
        }
    }
    *at = 0;
    return text;
}

/* A list with commas, in brackets or not. "" is no item, "," are two empty ones. */
static struct streamd_strings parse_list(struct format_host *h, const char *text)
{
    struct streamd_strings list = {0, NULL};
    const char **items;

    if (*text == '[')
        text = keep_text(h, text + 1, strlen(text) - 2);

    items = keep(h, checked(calloc(strlen(text) + 2, sizeof(*items))));
    list.items = items;
    for (const char *p = text; *text; p += strcspn(p, ",") + 1) {
        items[list.count++] = unescape(keep_text(h, p, strcspn(p, ",")));
        if (!p[strcspn(p, ",")])
            break;
    }
    return list;
}

static void set_option(struct format_host *h, const struct streamd_option *o, const char *value)
{
    char *at = (char *)h->options + o->offset;
    int64_t number = 0;
    struct streamd_strings list;
    const char *text;
    uint8_t flag = strcmp(value, "true") == 0;

    switch (o->type) {
    case STREAMD_OPTION_BOOL:
        memcpy(at, &flag, 1);
        break;
    case STREAMD_OPTION_INT:
        number = strtoll(value, NULL, 10);
        memcpy(at, &number, sizeof(number));
        break;
    case STREAMD_OPTION_ENUM:
        while (o->choices[number] && strcmp(o->choices[number], value) != 0)
            number++;
        if (!o->choices[number])
            die("no such choice", value);
        memcpy(at, &number, sizeof(number));
        break;
    case STREAMD_OPTION_STRING:
        text = unescape(keep_text(h, value, strlen(value)));
        memcpy(at, &text, sizeof(text));
        break;
    case STREAMD_OPTION_STRINGS:
        list = parse_list(h, value);
        memcpy(at, &list, sizeof(list));
        break;
    default:
        die("an option of a type that this host does not know", o->name);
    }
    if (o->present_offset)
        ((uint8_t *)h->options)[o->present_offset] = 1;
}

static void set_options(struct format_host *h, const char *text)
{
    const struct streamd_option *table = h->format->descriptor.options;
    uint8_t *present;

    h->options = keep(h, checked(calloc(1, h->format->descriptor.options_size + 1)));
    present = h->options;
    for (const struct streamd_option *o = table; o && o->name; o++) {
        if (!o->default_text)
            continue;
        set_option(h, o, o->default_text);
        if (o->present_offset)
            present[o->present_offset] = 0;
    }
    while (text && *text) {
        size_t length = strcspn(text, " "), name = strcspn(text, "=");
        const struct streamd_option *o = table;

        while (o && o->name && (strncmp(o->name, text, name) != 0 || o->name[name]))
            o++;
        if (!o || !o->name || name >= length)
            die("no such option", text);
        set_option(h, o, keep_text(h, text + name + 1, length - name - 1));
        text += length + (text[length] == ' ');
    }
}

/* ---- schema ------------------------------------------------------------------------------- */

static const char *const type_names[] = {"?",      "bool",  "int64",     "float64", "decimal",
                                         "string", "bytes", "timestamp", "date",    "json"};

static struct streamd_type parse_type(const char *text, size_t length)
{
    struct streamd_type type = {0, 0, 0, 0};
    unsigned precision = 0, scale = 0;

    if (length > 5 && memcmp(text + length - 5, "|null", 5) == 0) {
        type.nullable = 1;
        length -= 5;
    }
    if (sscanf(text, "decimal(%u,%u)", &precision, &scale) == 2) {
        type.id = STREAMD_DECIMAL;
        type.precision = (uint8_t)precision;
        type.scale = (uint8_t)scale;
        return type;
    }
    for (uint8_t i = 1; i < sizeof(type_names) / sizeof(*type_names); i++) {
        if (strlen(type_names[i]) == length && memcmp(type_names[i], text, length) == 0)
            type.id = i;
    }
    if (!type.id)
        die("no such type", text);
    return type;
}

/* The pattern `days`: the letter d and a number of days. */
static int parse_days(const void *pattern, const char *text, size_t length, int64_t *value)
{
    int64_t days;
    int rc;

    if (length == 0 || *text != 'd')
        return STREAMD_ROW_CAST;
    rc = streamd_int64_parse(text + 1, length - 1, &days);
    if (rc)
        return rc;
    *value = *(const uint8_t *)pattern == STREAMD_DATE ? days : days * STREAMD_US_PER_DAY;
    return 0;
}

static void parse_property(struct format_host *h, struct streamd_format_field *f, char *text)
{
    static const char *const units[] = {"?", "s", "ms", "us", "ns"};

    if (strcmp(text, "skip") == 0) {
        f->needed = 0;
    } else if (strncmp(text, "unit=", 5) == 0) {
        for (uint32_t i = 1; i < 5; i++) {
            if (strcmp(units[i], text + 5) == 0)
                f->unit = i;
        }
    } else if (strncmp(text, "path=", 5) == 0) {
        f->path = text + 5;
    } else if (strncmp(text, "nulls=", 6) == 0) {
        f->nulls = parse_list(h, text + 6);
    } else if (strcmp(text, "days") == 0) {
        f->parse_time = parse_days;
        f->pattern = &f->type.id;
    } else {
        die("no such property", text);
    }
}

static void add_field(struct format_host *h, const char *text, size_t length)
{
    struct streamd_format_field *f = &h->fields[h->schema.field_count];
    char *copy = keep_text(h, text, length), *rest = copy, *colon, *property;

    if (h->schema.field_count == FORMAT_HOST_FIELDS)
        die("too many fields", text);
    property = strsep(&rest, ";");
    colon = strchr(property, ':');
    if (!colon)
        die("a field without type", text);
    *colon = 0;
    f->name = property;
    f->type = parse_type(colon + 1, strlen(colon + 1));
    f->needed = 1;
    while ((property = strsep(&rest, ";")))
        parse_property(h, f, property);
    h->names[h->schema.field_count].name = f->name;
    h->names[h->schema.field_count].type = f->type;
    h->schema.field_count++;
}

static void host_bind_error(struct streamd_bind *b, const char *option, int code,
                            const char *message, const char *help);

static void *host_bind_alloc(struct streamd_bind *b, size_t bytes);

struct host_bind {
    struct streamd_bind bind;
    struct streamd_bind_ops ops;
    struct format_host *h;
};

static void host_bind_init(struct host_bind *b, struct format_host *h)
{
    memset(b, 0, sizeof(*b));
    b->bind.ops = &b->ops;
    b->ops.size = sizeof(b->ops);
    b->ops.error = host_bind_error;
    b->ops.alloc = host_bind_alloc;
    b->h = h;
}

static void host_bind_error(struct streamd_bind *b, const char *option, int code,
                            const char *message, const char *help)
{
    struct format_host *h = ((struct host_bind *)b)->h;

    snprintf(h->diagnostic, sizeof(h->diagnostic), "%s:%d:%s:%s", option, code, message,
             help ? help : "");
    h->diagnostics++;
}

static void *host_bind_alloc(struct streamd_bind *b, size_t bytes)
{
    return keep(((struct host_bind *)b)->h, checked(calloc(1, bytes)));
}

static void own_schema(struct format_host *h)
{
    struct host_bind b;
    const struct streamd_schema *s;

    host_bind_init(&b, h);
    s = h->format->schema ? h->format->schema(&b.bind, h->options) : NULL;
    if (!s)
        die("the format needs a schema", h->format->descriptor.name);
    for (uint32_t i = 0; i < s->field_count; i++) {
        h->names[i] = s->fields[i];
        h->fields[i].name = s->fields[i].name;
        h->fields[i].type = s->fields[i].type;
        h->fields[i].needed = 1;
    }
    h->schema.field_count = s->field_count;
}

int format_host_check(struct format_host *h, int encode)
{
    struct host_bind b;

    host_bind_init(&b, h);
    return h->format->check ? h->format->check(&b.bind, h->options, &h->spec, encode) : 0;
}

/* ---- life --------------------------------------------------------------------------------- */

const struct streamd_format *format_host_load(const char *name)
{
    const char *folder = getenv("STREAMD_PLUGIN_PATH");
    char path[4096];
    void *library;
    streamd_plugin_fn *plugin;

    if (strchr(name, '/'))
        snprintf(path, sizeof(path), "%s", name);
    else
        snprintf(path, sizeof(path), "%s/format-%s.so", folder ? folder : "plugins-live", name);
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        die("dlopen", dlerror());
    *(void **)&plugin = dlsym(library, "streamd_plugin");
    if (!plugin)
        die("dlsym", dlerror());
    return (const struct streamd_format *)(const void *)plugin(0);
}

void format_host_open(struct format_host *h, const struct streamd_format *format,
                      const char *options, const char *fields, size_t record_limit)
{
    memset(h, 0, sizeof(*h));
    h->context.host = &h->services;
    h->context.node = "test";
    h->context.parallelism = 1;
    h->services.size = sizeof(h->services);
    h->services.alloc = host_alloc;
    h->services.realloc = host_realloc;
    h->services.free = host_free;
    h->services.fail = host_fail;
    h->services.log = host_log;
    h->services.batch_nullable = host_batch_nullable;
    h->services.batch_reserve = host_batch_reserve;
    h->services.reject_raw = host_reject_raw;
    h->services.buffer_reserve = host_buffer_reserve;
    h->services.buffer_clear = host_buffer_clear;
    h->pool = batch_pool_new(0);
    h->format = format;
    h->schema.fields = h->names;
    set_options(h, options);
    if (!fields)
        own_schema(h);
    while (fields && *fields) {
        size_t length = strcspn(fields, " ");

        add_field(h, fields, length);
        fields += length + (fields[length] == ' ');
    }
    h->context.options = h->options;
    h->spec.schema = &h->schema;
    h->spec.fields = h->fields;
    h->spec.options = h->options;
    h->spec.record_limit = record_limit;
}

void format_host_close(struct format_host *h)
{
    if (h->decoder)
        h->format->decoder_close(&h->context, h->decoder);
    if (h->encoder)
        h->format->encoder_close(&h->context, h->encoder);
    for (size_t i = 0; i < h->reject_count; i++) {
        free(h->rejects[i].message);
        free(h->rejects[i].data);
    }
    free(h->rejects);
    for (size_t i = 0; i < h->memory_count; i++)
        free(h->memory[i]);
    free(h->memory);
    batch_pool_free(h->pool);
    memset(h, 0, sizeof(*h));
}

/* ---- work --------------------------------------------------------------------------------- */

/* One call of decode, on a copy of the chunk that nothing lies behind but its padding. */
static int decode_copy(struct format_host *h, const uint8_t *data, size_t length, uint64_t position,
                       int last, struct streamd_batch *batch, size_t *consumed)
{
    uint8_t *copy = checked(malloc(length + 64));
    struct streamd_chunk chunk = {copy, length, position, last};
    int rc;

    memcpy(copy, data, length);
    for (int i = 0; i < 64; i++) /* what lies there must not matter */
        copy[length + (size_t)i] = (uint8_t) "}\n\"\0,\x80"[i % 6];
    rc = h->format->decode(&h->context, h->decoder, &chunk, batch, consumed);
    free(copy);
    return rc;
}

/* A batch whose columns of variable width have no room yet. */
static struct streamd_batch *empty_batch(struct format_host *h, uint32_t rows)
{
    struct streamd_batch *batch = checked(batch_new(h->pool, &h->schema, rows));

    for (uint32_t i = 0; i < h->schema.field_count; i++)
        batch->columns[i].data_capacity = 0;
    return batch;
}

int format_host_restarts;

/* What was not consumed comes again, so the new decoder needs nothing but the state. */
static int restart(struct format_host *h)
{
    struct streamd_buffer state = {0};
    uint8_t *copy;
    int rc = 0;

    if (h->format->decoder_save)
        rc = h->format->decoder_save(&h->context, h->decoder, &state);
    if (rc)
        return rc;
    h->format->decoder_close(&h->context, h->decoder);
    h->decoder = NULL;
    /* In memory of its own size, so that reading beyond it is seen. */
    copy = checked(malloc(state.length + !state.length));
    if (state.length)
        memcpy(copy, state.data, state.length);
    rc = h->format->decoder_open(&h->context, &h->spec, &h->decoder);
    if (rc == 0 && h->format->decoder_load)
        rc = h->format->decoder_load(&h->context, h->decoder, copy, state.length);
    free(copy);
    streamd_buffer_clear(&h->context, &state);
    return rc;
}

int format_host_decode(struct format_host *h, const void *data, size_t length, size_t step,
                       uint32_t rows, void (*take)(void *owner, struct streamd_batch *batch),
                       void *owner)
{
    struct streamd_batch *batch = empty_batch(h, rows);
    size_t at = 0, there = step && step < length ? step : length;
    int rc = 0;

    if (!h->decoder)
        rc = h->format->decoder_open(&h->context, &h->spec, &h->decoder);
    while (rc == 0) {
        uint32_t before = batch->rows;
        size_t consumed = 0;
        int last = there == length;

        if (format_host_restarts)
            rc = restart(h);
        if (rc)
            break;
        rc = decode_copy(h, (const uint8_t *)data + at, there - at, at, last, batch, &consumed);
        if (rc)
            break;
        if (consumed > there - at)
            die("decode", "consumed more than there was");
        at += consumed;
        if (batch->rows == batch->capacity) {
            batch->count = batch->rows;
            take(owner, batch);
            batch = empty_batch(h, rows);
        } else if (last && at == length) {
            break;
        } else if (last && consumed == 0 && batch->rows == before) {
            die("decode", "no progress on the last bytes");
        } else if (!last) {
            there = length - there > step ? there + step : length;
        }
    }
    batch->count = batch->rows;
    if (rc == 0 && batch->rows)
        take(owner, batch);
    else
        batch_release(batch);
    return rc;
}

int format_host_encode(struct format_host *h, const struct streamd_batch *batch,
                       struct streamd_buffer *out)
{
    int rc = 0;

    if (!h->encoder)
        rc = h->format->encoder_open(&h->context, &h->spec, &h->encoder);
    return rc ? rc : h->format->encode(&h->context, h->encoder, batch, out);
}

/* ---- text --------------------------------------------------------------------------------- */

static void print_hex(struct streamd_str text, FILE *out)
{
    for (size_t i = 0; i < text.length; i++)
        fprintf(out, "%02x", (uint8_t)text.data[i]);
}

static void print_value(struct streamd_type type, const struct streamd_column *column, uint32_t row,
                        int plain, FILE *out)
{
    char text[STREAMD_DECIMAL_TEXT];
    const void *values = column->values;
    uint64_t bits;

    switch (type.id) {
    case STREAMD_BOOL:
        fprintf(out, "%d", ((const uint8_t *)values)[row]);
        break;
    case STREAMD_INT64:
    case STREAMD_TIMESTAMP:
        fprintf(out, "%lld", (long long)((const int64_t *)values)[row]);
        break;
    case STREAMD_DATE:
        fprintf(out, "%d", ((const int32_t *)values)[row]);
        break;
    case STREAMD_FLOAT64:
        memcpy(&bits, (const double *)values + row, sizeof(bits));
        fprintf(out, "%016llx", (unsigned long long)bits);
        break;
    case STREAMD_DECIMAL:
        fprintf(out, "%.*s",
                (int)streamd_decimal_print(
                    streamd_decimal_get(((const struct streamd_decimal *)values)[row]), 0, text),
                text);
        break;
    default:
        if (plain && type.id != STREAMD_BYTES)
            fwrite(streamd_column_str(column, row).data, 1, streamd_column_str(column, row).length,
                   out);
        else
            print_hex(streamd_column_str(column, row), out);
    }
}

void format_host_print(const struct format_host *h, const struct streamd_batch *batch, uint32_t row,
                       FILE *out)
{
    const char *separator = "";

    for (uint32_t i = 0; i < h->schema.field_count; i++) {
        if (!h->fields[i].needed)
            continue;
        fputs(separator, out);
        separator = "\t";
        if (streamd_column_is_null(&batch->columns[i], row))
            fputs("\\N", out);
        else
            print_value(h->names[i].type, &batch->columns[i], row, h->plain, out);
    }
}

/* ---- the whole way ------------------------------------------------------------------------ */

struct printer {
    struct format_host *h;
    FILE *out;
};

static void print_batch(void *owner, struct streamd_batch *batch)
{
    struct printer *p = owner;

    for (uint32_t i = 0; i < batch->rows; i++) {
        format_host_print(p->h, batch, i, p->out);
        fputc('\n', p->out);
    }
    batch_release(batch);
}

static char *decode_text(const struct streamd_format *format, const char *options,
                         const char *fields, const void *data, size_t length, size_t step,
                         uint32_t rows, size_t record_limit, int plain)
{
    struct format_host h;
    struct printer p = {&h, NULL};
    char *text;
    size_t size;
    int rc;

    format_host_open(&h, format, options, fields, record_limit);
    h.plain = plain;
    p.out = checked(open_memstream(&text, &size));
    rc = format_host_decode(&h, data, length, step, rows, print_batch, &p);
    if (rc)
        fprintf(p.out, "failed %d %s\n", rc, h.failure);
    for (size_t i = 0; i < h.reject_count; i++)
        fprintf(p.out, "!%d at %llu: %s\n", h.rejects[i].code,
                (unsigned long long)h.rejects[i].position, h.rejects[i].message);
    format_host_close(&h);
    fclose(p.out);
    return text;
}

char *format_host_decode_text(const struct streamd_format *format, const char *options,
                              const char *fields, const void *data, size_t length, size_t step,
                              uint32_t rows, size_t record_limit)
{
    return decode_text(format, options, fields, data, length, step, rows, record_limit, 1);
}

char *format_host_decode_hex(const struct streamd_format *format, const char *options,
                             const char *fields, const void *data, size_t length, size_t step,
                             uint32_t rows, size_t record_limit)
{
    return decode_text(format, options, fields, data, length, step, rows, record_limit, 0);
}

struct copier {
    struct format_host *to;
    struct streamd_buffer out;
};

static void copy_batch(void *owner, struct streamd_batch *batch)
{
    struct copier *c = owner;

    if (format_host_encode(c->to, batch, &c->out))
        die("encode", c->to->failure);
    batch_release(batch);
}

char *format_host_encode_text(const struct streamd_format *format, const char *options,
                              const char *fields, const char *records, uint32_t rows)
{
    struct format_host from, to;
    struct copier c = {&to, {0}};
    char *text;

    format_host_open(&from, format_host_load("json"), NULL, fields, 1 << 20);
    format_host_open(&to, format, options, fields, 1 << 20);
    if (format->encoder_open(&to.context, &to.spec, &to.encoder) ||
        (format->encode_begin && format->encode_begin(&to.context, to.encoder, &c.out)))
        die("encoder_open", to.failure);
    if (format_host_decode(&from, records, strlen(records), 0, rows, copy_batch, &c))
        die("decode", from.failure);
    if (from.reject_count)
        die("a record to be written", from.rejects[0].message);
    text = checked(strndup(c.out.data ? (char *)c.out.data : "", c.out.length));
    streamd_buffer_clear(&to.context, &c.out);
    format_host_close(&from);
    format_host_close(&to);
    return text;
}
