# Fuzz targets: built when asked for (README).

EXTRA_PROGRAMS += %D%/pipeline
%C%_pipeline_SOURCES = %D%/pipeline.c
%C%_pipeline_LDADD = $(L3)
%C%_pipeline_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

EXTRA_DIST += %D%/README %D%/pipeline.dict
