# Layer 6: a pipeline file bound to its plugins.

noinst_LTLIBRARIES += %D%/libplan.la
%C%_libplan_la_SOURCES = \
	%D%/binding.c \
	%D%/binding.h \
	%D%/build.c \
	%D%/expressions.c \
	%D%/format.c \
	%D%/needs.c \
	%D%/plan.h \
	%D%/plugins.c \
	%D%/role.c %D%/role.h \
	%D%/json.c
%C%_libplan_la_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(XXHASH_CFLAGS)
%C%_libplan_la_LIBADD = $(JANSSON_LIBS) $(XXHASH_LIBS)

EXTRA_DIST += %D%/README
