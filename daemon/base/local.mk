# Layer 1: what everything stands on.

noinst_LTLIBRARIES += %D%/libbase.la
%C%_libbase_la_SOURCES =
%C%_libbase_la_CPPFLAGS = $(AM_CPPFLAGS) $(XXHASH_CFLAGS)
%C%_libbase_la_LIBADD = $(XXHASH_LIBS) -lm

EXTRA_DIST += %D%/README
