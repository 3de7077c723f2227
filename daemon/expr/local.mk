# Layer 3: SQL expressions over columns.

noinst_LTLIBRARIES += %D%/libexpr.la
%C%_libexpr_la_SOURCES = \
	%D%/aggregates.c %D%/aggregates.h \
	%D%/ast.h \
	%D%/cast_from_text.c \
	%D%/cast_number.c \
	%D%/cast_text.c \
	%D%/cast_time.c \
	%D%/check.c %D%/check.h \
	%D%/check_forms.c \
	%D%/check_time.c \
	%D%/coerce.c \
	%D%/compare.h \
	%D%/decimal.c %D%/decimal.h \
	%D%/eval.c %D%/eval.h \
	%D%/eval_branch.c \
	%D%/eval_logic.c \
	%D%/eval_row.c \
	%D%/evaluate.c %D%/evaluate.h \
	%D%/expr.h \
	%D%/filter.c %D%/filter.h \
	%D%/in_set.c %D%/in_set.h \
	%D%/interval.c %D%/interval.h \
	%D%/json_text.c %D%/json_text.h \
	%D%/kernel.h \
	%D%/lexer.c %D%/lexer.h \
	%D%/names.c \
	%D%/node.c %D%/node.h \
	%D%/operators_compare.c \
	%D%/operators_decimal.c \
	%D%/operators_float64.c \
	%D%/operators_int64.c \
	%D%/operators_json.c \
	%D%/operators_like.c \
	%D%/operators_regex.c \
	%D%/operators_text.c \
	%D%/operators_time.c \
	%D%/parse.c %D%/parse.h \
	%D%/parse_leaf.c \
	%D%/parse_tree.c \
	%D%/print.c %D%/print.h \
	%D%/problem.c %D%/problem.h \
	%D%/registry.c %D%/registry.h \
	%D%/resolve.c \
	%D%/scratch.c \
	%D%/short_text.h \
	%D%/tables.c %D%/tables.h \
	%D%/types.c
%C%_libexpr_la_CFLAGS = $(hot_cflags)
%C%_libexpr_la_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(PCRE2_CFLAGS) $(XXHASH_CFLAGS)
%C%_libexpr_la_LIBADD = $(PG_QUERY_LIBS) $(JANSSON_LIBS) $(PCRE2_LIBS)

EXTRA_DIST += %D%/README

# tests/unit/expr.c is what their tests share.
check_LTLIBRARIES += tests/unit/libexprtest.la
tests_unit_libexprtest_la_SOURCES = tests/unit/expr.c tests/unit/expr.h
tests_unit_libexprtest_la_LIBADD = $(L3) $(CMOCKA_LIBS)

unit_tests += \
	tests/unit/test_expr \
	tests/unit/test_expr_aggregates \
	tests/unit/test_expr_cases \
	tests/unit/test_expr_eval \
	tests/unit/test_expr_soup
tests_unit_test_expr_LDADD = tests/unit/libexprtest.la
tests_unit_test_expr_aggregates_LDADD = tests/unit/libexprtest.la
tests_unit_test_expr_cases_LDADD = tests/unit/libexprtest.la
tests_unit_test_expr_eval_LDADD = tests/unit/libexprtest.la
tests_unit_test_expr_soup_LDADD = tests/unit/libexprtest.la

EXTRA_DIST += tests/unit/expr-cases.py tests/unit/expr-cases.tsv
