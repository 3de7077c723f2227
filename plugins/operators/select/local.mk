# The plugin operator-select.so. plugins/README shows the lines that make one.

pluginexec_LTLIBRARIES += %D%/operator-select.la
%C%_operator_select_la_SOURCES = %D%/select.c
%C%_operator_select_la_CPPFLAGS = $(plugin_cppflags)
%C%_operator_select_la_CFLAGS = $(hot_cflags)
%C%_operator_select_la_LDFLAGS = $(plugin_ldflags)

EXTRA_DIST += %D%/README
