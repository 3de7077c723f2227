# Layer 3: from a pipeline's nodes to stages, tasks and channels.

noinst_LTLIBRARIES += %D%/libgraph.la
%C%_libgraph_la_SOURCES = \
	%D%/edges.c \
	%D%/fields.c \
	%D%/form.c \
	%D%/keys.c %D%/keys.h \
	%D%/pipeline.c %D%/pipeline.h \
	%D%/reading.h \
	%D%/running.c \
	%D%/types.c \
	%D%/plan.c %D%/plan.h \
	%D%/spread.c %D%/spread.h

EXTRA_DIST += %D%/README

unit_tests += tests/unit/test_graph_pipeline
tests_unit_test_graph_pipeline_LDADD = $(L3) $(CMOCKA_LIBS)
unit_tests += tests/unit/test_config_corpus
tests_unit_test_config_corpus_LDADD = $(L3) $(CMOCKA_LIBS)
unit_tests += tests/unit/test_spread
tests_unit_test_spread_LDADD = $(L3) $(CMOCKA_LIBS)
