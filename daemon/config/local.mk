# Layer 2: pipeline files as trees with positions.

noinst_LTLIBRARIES += %D%/libconfig.la
%C%_libconfig_la_SOURCES = \
	%D%/check_table.c \
	%D%/codes.c %D%/codes.h \
	%D%/codes_files.c \
	%D%/codes_graphs.c \
	%D%/codes_plugins.c \
	%D%/codes_runs.c \
	%D%/codes_savepoints.c \
	%D%/codes_state.c \
	%D%/complain.c \
	%D%/diagnostics.c %D%/diagnostics.h \
	%D%/document.c %D%/document.h \
	%D%/excerpt.c %D%/excerpt.h \
	%D%/interpolate.c %D%/interpolate.h \
	%D%/load.c \
	%D%/members.c %D%/members.h \
	%D%/names.c %D%/names.h \
	%D%/options.c %D%/options.h \
	%D%/place.c \
	%D%/reader.h \
	%D%/render.c \
	%D%/secrets.c %D%/secrets.h \
	%D%/tear.c \
	%D%/tree.c \
	%D%/values.c %D%/values.h
%C%_libconfig_la_CPPFLAGS = $(AM_CPPFLAGS) $(YAML_CFLAGS) $(XXHASH_CFLAGS)
%C%_libconfig_la_LIBADD = $(YAML_LIBS) $(XXHASH_LIBS)

EXTRA_DIST += %D%/README

EXTRA_DIST += tests/unit/config_case.h
unit_tests += tests/unit/test_config_document
tests_unit_test_config_document_LDADD = $(L2) $(CMOCKA_LIBS)
unit_tests += tests/unit/test_config_place
tests_unit_test_config_place_LDADD = $(L2) $(CMOCKA_LIBS)
unit_tests += tests/unit/test_config_options
tests_unit_test_config_options_LDADD = $(L2) $(CMOCKA_LIBS)
unit_tests += tests/unit/test_config_diagnostics
tests_unit_test_config_diagnostics_LDADD = $(L2) $(CMOCKA_LIBS)
