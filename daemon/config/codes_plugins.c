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
    {0, NULL, NULL, NULL},
};
