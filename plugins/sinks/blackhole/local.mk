# The plugin sink-blackhole.so. plugins/README shows the lines that make one.

pluginexec_LTLIBRARIES += %D%/sink-blackhole.la
%C%_sink_blackhole_la_SOURCES = %D%/blackhole.c
%C%_sink_blackhole_la_CPPFLAGS = $(plugin_cppflags)
%C%_sink_blackhole_la_LDFLAGS = $(plugin_ldflags)

EXTRA_DIST += %D%/README
