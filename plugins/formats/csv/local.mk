# The plugin format-csv.so. run_avx2.c is compiled for AVX2 by attributes and chosen at run time.

csv_sources = \
	%D%/csv.c %D%/csv.h \
	%D%/decoder.c %D%/decoder.h \
	%D%/encoder.c \
	%D%/kernel_avx2.h \
	%D%/kernel_base.h \
	%D%/record.c \
	%D%/run_avx2.c \
	%D%/run_base.c \
	%D%/run_template.h \
	%D%/store.c

pluginexec_LTLIBRARIES += %D%/format-csv.la
%C%_format_csv_la_SOURCES = $(csv_sources)
%C%_format_csv_la_CPPFLAGS = $(plugin_cppflags)
%C%_format_csv_la_LDFLAGS = $(plugin_ldflags)
%C%_format_csv_la_CFLAGS = $(hot_cflags)

EXTRA_DIST += %D%/README

unit_tests += tests/unit/test_format_csv
tests_unit_test_format_csv_LDADD = tests/unit/libformathost.la $(CMOCKA_LIBS)

# The same source, with one way through it only, for the test that compares them.
csv_other_ways = tests/unit/csv-general.la tests/unit/csv-base.la tests/unit/csv-word.la
csv_other_ldflags = $(plugin_ldflags) -rpath /nowhere
check_LTLIBRARIES += $(csv_other_ways)

tests_unit_csv_general_la_SOURCES = $(csv_sources)
tests_unit_csv_general_la_CPPFLAGS = $(plugin_cppflags) -DCSV_GENERAL_PATH_ONLY
tests_unit_csv_general_la_LDFLAGS = $(csv_other_ldflags)
tests_unit_csv_base_la_SOURCES = $(csv_sources)
tests_unit_csv_base_la_CPPFLAGS = $(plugin_cppflags) -DCSV_BASE_KERNEL_ONLY
tests_unit_csv_base_la_LDFLAGS = $(csv_other_ldflags)
tests_unit_csv_word_la_SOURCES = $(csv_sources)
tests_unit_csv_word_la_CPPFLAGS = $(plugin_cppflags) -DCSV_NO_SIMD
tests_unit_csv_word_la_LDFLAGS = $(csv_other_ldflags)

unit_tests += tests/unit/test_format_csv_paths
tests_unit_test_format_csv_paths_LDADD = tests/unit/libformathost.la $(CMOCKA_LIBS)
EXTRA_tests_unit_test_format_csv_paths_DEPENDENCIES = $(csv_other_ways)

unit_scripts += tests/unit/format_csv.py
