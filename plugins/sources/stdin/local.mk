# The plugin source-stdin.so. plugins/README shows the lines that make one.

pluginexec_LTLIBRARIES += %D%/source-stdin.la
%C%_source_stdin_la_SOURCES = %D%/stdin.c
%C%_source_stdin_la_CPPFLAGS = $(plugin_cppflags)
%C%_source_stdin_la_LDFLAGS = $(plugin_ldflags)

EXTRA_DIST += %D%/README
