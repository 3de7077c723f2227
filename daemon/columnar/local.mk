# Layer 2: batches of columns.

noinst_LTLIBRARIES += %D%/libcolumnar.la
%C%_libcolumnar_la_SOURCES = \
	%D%/arrow.h %D%/arrow_export.c %D%/arrow_import.c \
	%D%/compact.c \
	%D%/kernel.h \
	%D%/keyhash.c %D%/keyhash.h \
	%D%/narrow.c %D%/narrow.h \
	%D%/pool.c %D%/pool.h \
	%D%/rowcode.c %D%/rowcode.h \
	%D%/rowtext.c %D%/rowtext.h \
	%D%/wire.h %D%/wire_decode.c %D%/wire_encode.c %D%/wire_form.h
%C%_libcolumnar_la_CFLAGS = $(hot_cflags)

EXTRA_DIST += %D%/README

unit_tests += tests/unit/test_keyhash
tests_unit_test_keyhash_LDADD = $(L2) $(CMOCKA_LIBS)

unit_tests += tests/unit/test_columnar
tests_unit_test_columnar_LDADD = $(L2) $(CMOCKA_LIBS)

unit_tests += tests/unit/test_arrow
tests_unit_test_arrow_LDADD = $(L2) $(CMOCKA_LIBS)

# pyarrow on the other side, in one process.
check_LTLIBRARIES += tests/unit/arrow_bridge.la
tests_unit_arrow_bridge_la_SOURCES = tests/unit/arrow_bridge.c
tests_unit_arrow_bridge_la_LIBADD = $(L2)
tests_unit_arrow_bridge_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -rpath /nowhere
unit_scripts += tests/unit/arrow.py

unit_tests += tests/unit/test_wire
tests_unit_test_wire_SOURCES = tests/unit/test_wire.c tests/unit/random_batch.c tests/unit/random_batch.h
tests_unit_test_wire_LDADD = $(L2) $(CMOCKA_LIBS)
