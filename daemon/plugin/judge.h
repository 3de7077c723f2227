/*
 * plugin/judge.h - is this file a plugin that may be loaded? Main thread only.
 */
#ifndef PLUGIN_JUDGE_H
#define PLUGIN_JUDGE_H

#include <streamd/error.h>
#include <streamd/plugin.h>

/*
 * Looks at the file without running it: it is a regular file, it and its folder belong to root or
 * to us and cannot be written by others, and it is a shared library for this machine. 0, or
 * negative with a diagnostic of enum plugin_problem.
 */
int judge_file(const char *path, struct streamd_error *error);

/*
 * Looks at the descriptors of a library that has been loaded: magic, version, size, name. 0 or
 * negative. Where `kind` is not 0, one of them must have that kind and name: it is returned.
 */
int judge_descriptors(streamd_plugin_fn *enumerate, const char *path, uint32_t kind,
                      const char *name, const struct streamd_descriptor **found,
                      struct streamd_error *error);

/*
 * Loads the file in a child process and has it run judge_descriptors there, within five seconds.
 * 0, or negative: what the child said, or how it died. `report` as in plugin_probe.
 */
int judge_in_child(const char *path, uint32_t kind, const char *name, char **report,
                   struct streamd_error *error);

#endif
