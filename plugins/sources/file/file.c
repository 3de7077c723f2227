/*
 * The source `file`: reads the files that a pattern matches, as they are or decompressed, and hands
 * their bytes to the node's format.
 *
 * split.h says what a split is. `next` moves one block at a time: read, feed, and at the end of a
 * file feed the rest as the last of it. What a file that is followed does at its end is in
 * follow.c.
 */
#include "faults.h"
#include "follow.h"
#include "place.h"
#include "split.h"

#include <stdio.h>
#include <string.h>

/* Id of the one split that reads all files. */
static const char ALL_FILES[] = "files";

static const struct streamd_option options_table[] = {
    {.name = "path",
     .type = STREAMD_OPTION_STRING,
     .flags = STREAMD_OPTION_REQUIRED,
     .offset = offsetof(struct file_options, path),
     .doc = "File, or pattern with * ? [..] as in a shell; .gz and .zst are decompressed"},
    {.name = "follow",
     .type = STREAMD_OPTION_BOOL,
     .offset = offsetof(struct file_options, follow),
     .default_text = "false",
     .doc = "Wait for more at the end of a file, follow its name through rotation and truncation, "
            "and take in new files"},
    {.name = "merge",
     .type = STREAMD_OPTION_INT,
     .offset = offsetof(struct file_options, merge),
     .present_offset = offsetof(struct file_options, merge_given),
     .default_text = "1",
     .minimum = 1,
     .maximum = 1000,
     .doc = "1: one file after the other in the order of their names, as one stream; more: so many "
            "at once, each a split with a watermark of its own, the one that is behind first"},
    {.name = NULL},
};

static int file_bind(struct streamd_bind *b, const void *options)
{
    const struct file_options *o = options;

    if (o->follow && o->merge_given) {
        streamd_bind_error(b, "merge", 2141, "`merge` is for files that end",
                           "leave it out: with `follow` every file is read at once");
        return STREAMD_E_REPORTED;
    }
    if (o->follow)
        return streamd_bind_unbounded(b);
    return o->merge > 1 ? streamd_bind_max_open_splits(b, (uint32_t)o->merge) : 0;
}

static int file_open(struct streamd_context *c, void **self)
{
    struct source *s = streamd_alloc(c, sizeof(*s));

    if (!s)
        return fault_memory(c);
    *s = (struct source){.options = c->options};
    *self = s;
    return 0;
}

static int file_list(struct streamd_context *c, void *self)
{
    struct source *s = self;
    struct listing listing;
    int rc;

    if (s->options->follow)
        return follow_list(c, s);
    if (s->listed)
        return 0;
    rc = listing_expand(c, s->options->path, 0, &listing);
    if (rc == 0 && s->options->merge == 1)
        rc = streamd_split_add(c, ALL_FILES, s->options->path);
    for (size_t i = 0; rc == 0 && s->options->merge > 1 && i < listing.count; i++)
        rc = streamd_split_add(c, listing.names[i], NULL);
    listing_clear(&listing);
    s->listed = rc == 0;
    return rc;
}

/* ---- opening a split --------------------------------------------------------------------- */

static int start_at(struct streamd_context *c, struct split *split, const char *path,
                    uint64_t offset)
{
    int rc = input_open(c, &split->in, path, offset, 0);

    reader_restart(&split->reader, offset);
    split->ending = 0;
    return rc;
}

/* merge 1: begins with the first file, or goes on with that of the position. */
static int open_all(struct streamd_context *c, const struct source *s, struct split *split,
                    const struct place *place)
{
    int rc = listing_expand(c, s->options->path, 0, &split->listing);

    if (rc)
        return rc;
    while (place && split->next < split->listing.count &&
           strcmp(split->listing.names[split->next], place->name) != 0)
        split->next++;
    if (place && split->next == split->listing.count)
        return fault_file(c, DIAGNOSTIC_POSITION, place->name,
                          "was being read, and is not there any more");
    return start_at(c, split, split->listing.names[split->next++], place ? place->offset : 0);
}

static int open_files(struct streamd_context *c, struct source *s, struct split *split,
                      const struct place *place)
{
    if (s->options->follow)
        return follow_open(c, s, split, place);
    if (s->options->merge == 1)
        return open_all(c, s, split, place);
    return start_at(c, split, split->id, place ? place->offset : 0);
}

static void file_close_split(struct streamd_context *c, void *self, void *opened)
{
    struct split *split = opened;

    if (!split)
        return;
    follow_close(self, split);
    input_close(c, &split->in);
    reader_clear(c, &split->reader);
    listing_clear(&split->listing);
    streamd_free(c, split->id);
    streamd_free(c, split);
}

static int file_open_split(struct streamd_context *c, void *self, const char *id,
                           const char *position, struct streamd_split *handle, void **opened)
{
    struct split *split = streamd_alloc(c, sizeof(*split));
    struct place place;
    size_t bytes = strlen(id) + 1;
    int rc;

    if (!split)
        return fault_memory(c);
    *split = (struct split){.handle = handle, .in = INPUT_CLOSED, .inotify = -1, .watch = -1};
    split->id = streamd_alloc(c, bytes);
    if (split->id)
        memcpy(split->id, id, bytes);
    if (!split->id)
        rc = fault_memory(c);
    else if (position && place_parse(position, &place))
        rc =
            fault_file(c, DIAGNOSTIC_POSITION, id, "has a position that this source did not write");
    else
        rc = open_files(c, self, split, position ? &place : NULL);
    if (rc)
        file_close_split(c, self, split);
    else
        *opened = split;
    return rc;
}

/* ---- reading ----------------------------------------------------------------------------- */

/* The present file was handed out to its last byte. */
static enum streamd_flow end_file(struct streamd_context *c, struct source *s, struct split *split)
{
    if (s->options->follow)
        return follow_switch(c, s, split) ? STREAMD_FAILED : STREAMD_OK;
    if (split->next == split->listing.count)
        return STREAMD_FINISHED;
    input_close(c, &split->in);
    return start_at(c, split, split->listing.names[split->next++], 0) ? STREAMD_FAILED : STREAMD_OK;
}

/* The present file has no more to read. */
static enum streamd_flow at_end(struct streamd_context *c, struct source *s, struct split *split)
{
    enum streamd_flow flow = STREAMD_FINISHED;

    if (s->options->follow)
        flow = follow_idle(c, s, split);
    else if (input_check_end(c, &split->in))
        flow = STREAMD_FAILED;
    if (flow != STREAMD_FINISHED)
        return flow;
    split->ending = 1;
    flow = reader_feed(c, &split->reader, split->handle, 1);
    return flow == STREAMD_OK ? end_file(c, s, split) : flow;
}

static enum streamd_flow file_next(struct streamd_context *c, void *self, void *opened)
{
    struct source *s = self;
    struct split *split = opened;
    enum streamd_flow flow;
    int rc;

    if (split->reader.full) {
        flow = reader_feed(c, &split->reader, split->handle, split->ending);
        if (flow != STREAMD_OK)
            return flow;
    }
    if (split->ending)
        return end_file(c, s, split);
    if (follow_wake(c, split))
        return STREAMD_FAILED;
    rc = split->in.fd < 0 ? 0 : reader_fill(c, &split->reader, &split->in);
    if (rc < 0)
        return STREAMD_FAILED;
    if (rc == 0)
        return at_end(c, s, split);
    return reader_feed(c, &split->reader, split->handle, 0);
}

static int file_position(struct streamd_context *c, void *self, void *opened,
                         char text[STREAMD_POSITION_BYTES])
{
    const struct source *s = self;
    const struct split *split = opened;
    struct place place = {.offset = split->reader.position};

    if (s->options->follow && split->in.fd >= 0) {
        place.device = split->in.device;
        place.inode = split->in.inode;
        if (input_check_before(c, &split->in, place.offset, &place.check))
            return STREAMD_E_IO;
    } else if (s->options->merge == 1 && !s->options->follow) {
        snprintf(place.name, sizeof(place.name), "%s", split->in.path);
    }
    if (place_print(&place, text) == 0)
        return 0;
    return fault_file(c, DIAGNOSTIC_POSITION, split->in.path, "has too long a name for a position");
}

static int file_describe(struct streamd_context *c, void *self, void *opened, uint64_t position,
                         char *text, size_t size)
{
    const struct split *split = opened;

    (void)c;
    (void)self;
    snprintf(text, size, "%s:%llu", split->in.path ? split->in.path : split->id,
             (unsigned long long)position);
    return 0;
}

static void file_close(struct streamd_context *c, void *self)
{
    struct source *s = self;

    if (!s)
        return;
    known_clear(c, &s->known);
    for (size_t i = 0; i < s->name_count; i++)
        streamd_free(c, s->names[i]);
    streamd_free(c, s->names);
    streamd_free(c, s);
}

static const char file_doc[] =
    "Reads files, compressed ones too, and follows growing ones.\n\n"
    "Files that end are read in the order of their names' bytes. A record never reaches from one "
    "file "
    "into the next. Folders and hidden files do not match a wildcard. A file that is cut off "
    "inside of "
    "compressed data is an error, after what came before was read.\n\n"
    "With `follow` a split stands for a name. When another file gets the name, the old one is read "
    "on "
    "until the new one has content and the old one was quiet for a second; a line without its end "
    "waits. Files that had the name in between and are called NAME.1 or NAME-DATE now come next, "
    "in "
    "the order in which they were last written to. A file that no longer has the bytes that were "
    "read last was truncated, and is read "
    "from its "
    "beginning (counter truncated_files). A file that was read is not read again under another "
    "name, "
    "but may be after a restart: choose a pattern that does not match the names of rotated files.";

static const struct streamd_source file_source = {
    .descriptor = {STREAMD_DESCRIPTOR(struct streamd_source, STREAMD_SOURCE, "file"), file_doc,
                   options_table, sizeof(struct file_options)},
    .flags = STREAMD_SOURCE_FORMAT,
    .bind = file_bind,
    .open = file_open,
    .list = file_list,
    .discover_us = 1000000,
    .open_split = file_open_split,
    .next = file_next,
    .position = file_position,
    .describe = file_describe,
    .close_split = file_close_split,
    .close = file_close,
};

STREAMD_EXPORT const struct streamd_descriptor *streamd_plugin(uint32_t index)
{
    return index == 0 ? &file_source.descriptor : NULL;
}
