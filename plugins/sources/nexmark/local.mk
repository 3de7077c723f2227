# The plugin source-nexmark.so. plugins/README shows the lines that make one.

pluginexec_LTLIBRARIES += %D%/source-nexmark.la
%C%_source_nexmark_la_SOURCES = \
	%D%/columns.c %D%/columns.h \
	%D%/model.c %D%/model.h \
	%D%/nexmark.c \
	%D%/random.h \
	%D%/texts.c %D%/texts.h
%C%_source_nexmark_la_CPPFLAGS = $(plugin_cppflags)
%C%_source_nexmark_la_CFLAGS = $(hot_cflags)
%C%_source_nexmark_la_LDFLAGS = $(plugin_ldflags)
%C%_source_nexmark_la_LIBADD = -lm

EXTRA_DIST += %D%/README
