# Layer 1: what everything stands on.

noinst_LTLIBRARIES += %D%/libbase.la
%C%_libbase_la_SOURCES = \
	%D%/arena.c %D%/arena.h \
	%D%/array.h \
	%D%/clock.c %D%/clock.h \
	%D%/error.c %D%/error.h \
	%D%/file.c %D%/file.h \
	%D%/log.c %D%/log.h \
	%D%/memory.c %D%/memory.h \
	%D%/text.c %D%/text.h
%C%_libbase_la_CPPFLAGS = $(AM_CPPFLAGS) $(XXHASH_CFLAGS)
%C%_libbase_la_LIBADD = $(XXHASH_LIBS) -lm

EXTRA_DIST += %D%/README
