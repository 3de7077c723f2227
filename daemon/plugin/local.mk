# Layer 4: plugins, loaded and served.

noinst_LTLIBRARIES += %D%/libplugin.la
%C%_libplugin_la_SOURCES = \
	%D%/judge.c %D%/judge.h \
	%D%/registry.c %D%/registry.h

EXTRA_DIST += %D%/README
