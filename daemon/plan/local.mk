# Layer 6: a pipeline file bound to its plugins.

noinst_LTLIBRARIES += %D%/libplan.la
%C%_libplan_la_SOURCES = \
	%D%/binding.h \
	%D%/plan.h
%C%_libplan_la_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
%C%_libplan_la_LIBADD = $(JANSSON_LIBS)

EXTRA_DIST += %D%/README
