# Layer 2: batches of columns.

noinst_LTLIBRARIES += %D%/libcolumnar.la
%C%_libcolumnar_la_SOURCES = \
	%D%/compact.c \
	%D%/keyhash.c %D%/keyhash.h \
	%D%/pool.c %D%/pool.h \
	%D%/rowtext.c %D%/rowtext.h
%C%_libcolumnar_la_CFLAGS = $(hot_cflags)

EXTRA_DIST += %D%/README

unit_tests += tests/unit/test_keyhash
tests_unit_test_keyhash_LDADD = $(L2) $(CMOCKA_LIBS)

unit_tests += tests/unit/test_columnar
tests_unit_test_columnar_LDADD = $(L2) $(CMOCKA_LIBS)
