# Layer 3: from a pipeline's nodes to stages, tasks and channels.

noinst_LTLIBRARIES += %D%/libgraph.la
%C%_libgraph_la_SOURCES = \
	%D%/pipeline.h \
	%D%/plan.c %D%/plan.h

EXTRA_DIST += %D%/README
