# Fuzz targets: built when asked for (README).

EXTRA_PROGRAMS += %D%/pipeline
%C%_pipeline_SOURCES = %D%/pipeline.c
%C%_pipeline_LDADD = $(L3)
%C%_pipeline_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

EXTRA_DIST += %D%/README %D%/corpus.py %D%/pipeline.dict tests/data/fuzz

# The formats, each with a host of its own. By clang only, whatever the other flags.
fuzz_cflags = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined
fuzz_format_sources = \
	%D%/format_fuzz.c %D%/format_fuzz.h \
	%D%/fuzz_format.c \
	tests/unit/format_host.c tests/unit/format_host.h \
	daemon/base/memory.c \
	daemon/columnar/pool.c

EXTRA_PROGRAMS += %D%/fuzz_format_csv %D%/fuzz_format_json %D%/fuzz_format_raw
CLEANFILES += %D%/fuzz_format_csv %D%/fuzz_format_json %D%/fuzz_format_raw
%C%_fuzz_format_csv_SOURCES = $(fuzz_format_sources) $(csv_sources)
%C%_fuzz_format_csv_CFLAGS = $(fuzz_cflags)
%C%_fuzz_format_json_SOURCES = $(fuzz_format_sources) $(json_sources)
%C%_fuzz_format_json_CFLAGS = $(fuzz_cflags)
%C%_fuzz_format_raw_SOURCES = $(fuzz_format_sources) plugins/formats/raw/raw.c
%C%_fuzz_format_raw_CFLAGS = $(fuzz_cflags)

if WITH_PCRE2
EXTRA_PROGRAMS += %D%/fuzz_format_regex
CLEANFILES += %D%/fuzz_format_regex
%C%_fuzz_format_regex_SOURCES = $(fuzz_format_sources) $(regex_sources)
%C%_fuzz_format_regex_CFLAGS = $(fuzz_cflags) $(PCRE2_CFLAGS)
%C%_fuzz_format_regex_LDADD = $(PCRE2_LIBS)
endif

unit_tests += tests/unit/test_format_corpus
tests_unit_test_format_corpus_SOURCES = tests/unit/test_format_corpus.c %D%/format_fuzz.c %D%/format_fuzz.h
tests_unit_test_format_corpus_CFLAGS = $(AM_CFLAGS) $(PCRE2_CFLAGS)
tests_unit_test_format_corpus_LDADD = tests/unit/libformathost.la $(CMOCKA_LIBS)

# Batches and rings, as they come from another worker.
EXTRA_PROGRAMS += %D%/fuzz_wire
CLEANFILES += %D%/fuzz_wire
%C%_fuzz_wire_SOURCES = \
	%D%/fuzz_wire.c %D%/wire_fuzz.c %D%/wire_fuzz.h \
	daemon/base/error.c daemon/base/memory.c \
	daemon/columnar/compact.c daemon/columnar/keyhash.c daemon/columnar/narrow.c \
	daemon/columnar/pool.c \
	daemon/columnar/wire_decode.c daemon/columnar/wire_encode.c \
	daemon/exchange/channel.c daemon/exchange/local.c daemon/exchange/queue.c \
	daemon/exchange/receiver.c daemon/exchange/ring.c daemon/exchange/segment.c \
	daemon/exchange/sender.c daemon/exchange/wake.c
%C%_fuzz_wire_CFLAGS = $(fuzz_cflags)

unit_tests += tests/unit/test_wire_corpus
tests_unit_test_wire_corpus_SOURCES = tests/unit/test_wire_corpus.c %D%/wire_fuzz.c %D%/wire_fuzz.h
tests_unit_test_wire_corpus_LDADD = $(L5) $(CMOCKA_LIBS)
