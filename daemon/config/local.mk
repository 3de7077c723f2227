# Layer 2: pipeline files as trees with positions.

noinst_LTLIBRARIES += %D%/libconfig.la
%C%_libconfig_la_SOURCES = \
	%D%/diagnostics.h \
	%D%/document.h \
	%D%/options.h
%C%_libconfig_la_CPPFLAGS = $(AM_CPPFLAGS) $(YAML_CFLAGS) $(JANSSON_CFLAGS)
%C%_libconfig_la_LIBADD = $(YAML_LIBS) $(JANSSON_LIBS)

EXTRA_DIST += %D%/README
