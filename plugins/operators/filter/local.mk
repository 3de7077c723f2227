# The plugin operator-filter.so. plugins/README shows the lines that make one.

pluginexec_LTLIBRARIES += %D%/operator-filter.la
%C%_operator_filter_la_SOURCES = %D%/filter.c
%C%_operator_filter_la_CPPFLAGS = $(plugin_cppflags)
%C%_operator_filter_la_CFLAGS = $(hot_cflags)
%C%_operator_filter_la_LDFLAGS = $(plugin_ldflags)

EXTRA_DIST += %D%/README
