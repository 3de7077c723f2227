# Layer 3: watermarks, idleness, alignment.

noinst_LTLIBRARIES += %D%/libprogress.la
%C%_libprogress_la_SOURCES = %D%/valve.c %D%/valve.h

EXTRA_DIST += %D%/README
