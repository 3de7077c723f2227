# The plugin sink-stdout.so. plugins/README shows the lines that make one.

pluginexec_LTLIBRARIES += %D%/sink-stdout.la
%C%_sink_stdout_la_SOURCES = %D%/stdout.c
%C%_sink_stdout_la_CPPFLAGS = $(plugin_cppflags)
%C%_sink_stdout_la_LDFLAGS = $(plugin_ldflags)

EXTRA_DIST += %D%/README
