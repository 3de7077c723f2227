# Layer 3: watermarks, idleness, alignment.

noinst_LTLIBRARIES += %D%/libprogress.la
%C%_libprogress_la_SOURCES =

EXTRA_DIST += %D%/README
