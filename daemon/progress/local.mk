# Layer 3: watermarks, idleness, alignment.

noinst_LTLIBRARIES += %D%/libprogress.la
%C%_libprogress_la_SOURCES = \
	%D%/align.c %D%/align.h \
	%D%/valve.c %D%/valve.h

EXTRA_DIST += %D%/README

unit_tests += tests/unit/test_valve
tests_unit_test_valve_SOURCES = tests/unit/test_valve.c
tests_unit_test_valve_LDADD = $(L3) $(CMOCKA_LIBS)
unit_tests += tests/unit/test_align
tests_unit_test_align_LDADD = $(L3) $(CMOCKA_LIBS)
