/* SD3xxx: plugins. */
#include "config/codes.h"

const struct code codes_of_plugins[] = {
    {3001, "a plugin that is not found",
     "Plugins are files KIND-NAME.so, looked for in --plugin-path, then "
     "STREAMD_PLUGIN_PATH, then the folder they are installed in. `streamctl plugins` "
     "lists what is there.",
     NULL},
    {3002, "a plugin that cannot be trusted",
     "A plugin runs with the rights of the pipeline. Its file and folder must belong to "
     "root or to the user who runs streamd, and nobody else may be able to write there.",
     NULL},
    {3003, "a plugin that cannot be loaded",
     "The file is not a shared library for this machine, or a library that it needs is "
     "missing. `ldd FILE` shows which.",
     NULL},
    {3004, "a file that is not a plugin",
     "It has no function `streamd_plugin`, or does not hold the plugin that its file "
     "name promises.",
     NULL},
    {3005, "a plugin for another version",
     "It was built against another version of streamd's plugin interface. Build it "
     "again.",
     NULL},
    {3006, "a plugin that crashes",
     "The plugin was loaded in a child process to see what happens, and the child died "
     "or did not answer. `streamctl plugins probe FILE` does that alone.",
     NULL},
    {3007, "a plugin that breaks its contract",
     "What the plugin said about itself or its outputs cannot be. The file that uses it "
     "may be right: tell the plugin's author.",
     NULL},
    {3008, "a default that is not valid",
     "The plugin's own option table has a default that its own rules refuse. Tell the "
     "plugin's author.",
     NULL},
    {3110, "a path that the format cannot follow",
     "The JSON format takes the values of a field from $.name, $.outer.inner or $.items[0].", NULL},
    {3111, "fields that the format cannot give",
     "The raw format has one field for the whole record; CSV has no fields inside of fields.",
     NULL},
    {3112, "a pattern that is no regular expression",
     "Patterns are those of PCRE2, as in Perl. In YAML they stand in single quotes, where a "
     "backslash "
     "means itself.",
     "pattern: '^(?<at>\\S+) (?<level>[A-Z]+) (?<message>.*)$'"},
    {3113, "fields and groups that do not fit",
     "Every field of the schema is a named group of the pattern: (?<name>...).", NULL},
    {3114, "a delimiter that cannot be",
     "It is one ASCII character, neither a quote nor the end of a line.", "delimiter: ';'"},
    {0, NULL, NULL, NULL},
};
