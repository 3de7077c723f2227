# Layer 3: the functions and aggregates that are built in, part of libexpr.

noinst_LTLIBRARIES += %D%/libfunctions.la
%C%_libfunctions_la_SOURCES = \
	%D%/accumulate.c %D%/accumulate.h \
	%D%/aggregates_avg.c \
	%D%/aggregates_bool.c \
	%D%/aggregates_extreme.c \
	%D%/aggregates_sum.c \
	%D%/aggregates_text.c \
	%D%/aggregates_value.c \
	%D%/aggregates_variance.c \
	%D%/call.h \
	%D%/digest.c %D%/digest.h \
	%D%/functions.c %D%/functions.h \
	%D%/hash.c \
	%D%/json.c \
	%D%/json_write.c %D%/json_write.h \
	%D%/number_format.c \
	%D%/number_pattern.c %D%/number_pattern.h \
	%D%/number_pattern_print.c \
	%D%/numbers_decimal.c \
	%D%/numbers_float.c \
	%D%/numbers_int.c \
	%D%/regex.c %D%/regex.h \
	%D%/regexp.c \
	%D%/text_basic.c \
	%D%/text_build.c \
	%D%/text_concat.c \
	%D%/text_slice.c \
	%D%/time_extract.c \
	%D%/time_fields.c \
	%D%/time_layout.c \
	%D%/time_make.c \
	%D%/time_pattern.c %D%/time_pattern.h \
	%D%/time_pattern_print.c \
	%D%/time_pattern_read.c \
	%D%/time_template.h \
	%D%/time_trunc.c \
	%D%/time_unit.c %D%/time_unit.h \
	%D%/unicode.c %D%/unicode.h \
	%D%/unicode_table.c \
	%D%/value_text.c %D%/value_text.h
%C%_libfunctions_la_CFLAGS = $(hot_cflags)
%C%_libfunctions_la_CPPFLAGS = $(AM_CPPFLAGS) $(PCRE2_CFLAGS) $(XXHASH_CFLAGS)

%C%_libfunctions_la_LIBADD = $(PCRE2_LIBS) -lm

daemon_expr_libexpr_la_LIBADD += %D%/libfunctions.la

unit_tests += tests/unit/test_functions tests/unit/test_functions_aggregates \
	tests/unit/test_functions_time_pattern
tests_unit_test_functions_SOURCES = tests/unit/test_functions.c
tests_unit_test_functions_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_functions_LDADD = $(L3) $(CMOCKA_LIBS)
tests_unit_test_functions_aggregates_SOURCES = tests/unit/test_functions_aggregates.c
tests_unit_test_functions_aggregates_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_functions_aggregates_LDADD = $(L3) $(CMOCKA_LIBS) -lm
tests_unit_test_functions_time_pattern_SOURCES = tests/unit/test_functions_time_pattern.c
tests_unit_test_functions_time_pattern_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_functions_time_pattern_LDADD = $(L3) $(CMOCKA_LIBS)

EXTRA_DIST += %D%/README %D%/unicode_table.py
EXTRA_DIST += tests/unit/aggregate-cases.py tests/unit/aggregate-cases.tsv
EXTRA_DIST += tests/unit/function_call.h tests/unit/function-cases.py tests/unit/function-cases.tsv
EXTRA_DIST += tests/unit/time-pattern-cases.py tests/unit/time-pattern-cases.tsv
