# The plugin format-json.so. run_avx2.c is compiled for AVX2 by attributes and chosen at run time.

json_sources = \
	%D%/decoder.c %D%/decoder.h \
	%D%/encoder.c \
	%D%/json.c %D%/json.h \
	%D%/kernel_avx2.h \
	%D%/kernel_base.h \
	%D%/path.c %D%/path.h \
	%D%/record.c \
	%D%/run_avx2.c \
	%D%/run_base.c \
	%D%/run_template.h \
	%D%/shape.c %D%/shape.h \
	%D%/store.c

pluginexec_LTLIBRARIES += %D%/format-json.la
%C%_format_json_la_SOURCES = $(json_sources)
%C%_format_json_la_CPPFLAGS = $(plugin_cppflags)
%C%_format_json_la_LDFLAGS = $(plugin_ldflags)
%C%_format_json_la_CFLAGS = $(hot_cflags)

EXTRA_DIST += %D%/README

unit_tests += tests/unit/test_format_json
tests_unit_test_format_json_LDADD = tests/unit/libformathost.la $(CMOCKA_LIBS)

# The same source, with one way through it only, for the test that compares them.
json_other_ways = tests/unit/json-general.la tests/unit/json-base.la tests/unit/json-word.la
json_other_ldflags = $(plugin_ldflags) -rpath /nowhere
check_LTLIBRARIES += $(json_other_ways)

tests_unit_json_general_la_SOURCES = $(json_sources)
tests_unit_json_general_la_CPPFLAGS = $(plugin_cppflags) -DJSON_GENERAL_PATH_ONLY
tests_unit_json_general_la_LDFLAGS = $(json_other_ldflags)
tests_unit_json_base_la_SOURCES = $(json_sources)
tests_unit_json_base_la_CPPFLAGS = $(plugin_cppflags) -DJSON_BASE_KERNEL_ONLY
tests_unit_json_base_la_LDFLAGS = $(json_other_ldflags)
tests_unit_json_word_la_SOURCES = $(json_sources)
tests_unit_json_word_la_CPPFLAGS = $(plugin_cppflags) -DJSON_NO_SIMD
tests_unit_json_word_la_LDFLAGS = $(json_other_ldflags)

unit_tests += tests/unit/test_format_json_paths
tests_unit_test_format_json_paths_CFLAGS = $(AM_CFLAGS) $(YAJL_CFLAGS)
tests_unit_test_format_json_paths_LDADD = tests/unit/libformathost.la $(YAJL_LIBS) $(CMOCKA_LIBS)
EXTRA_tests_unit_test_format_json_paths_DEPENDENCIES = $(json_other_ways)

unit_scripts += tests/unit/format_json.py
