EXTRA_DIST += %D%/README %D%/run %D%/requirements.txt \
	%D%/fused/ndjson.h %D%/fused/w1.c %D%/fused/w2.c %D%/fused/w3.c \
	%D%/gen/events.c \
	%D%/lib/__init__.py %D%/lib/callgrind.py %D%/lib/check.py %D%/lib/exchange.py %D%/lib/measure.py \
	%D%/lib/report.py %D%/lib/running.py %D%/lib/tools.py %D%/lib/workers.py %D%/lib/workloads.py \
	%D%/peers/duckdb_peer.py \
	%D%/pipelines/one.yaml %D%/pipelines/w1.yaml %D%/pipelines/w2.yaml %D%/pipelines/w3.yaml \
	%D%/pipelines/w3_check.yaml %D%/pipelines/w3_generate.yaml \
	%D%/pipelines/w4.yaml %D%/pipelines/w4_check.yaml %D%/pipelines/w7.yaml \
	%D%/tools/hiccup.c %D%/tools/measure.c

noinst_PROGRAMS += %D%/state_bench
%C%_state_bench_SOURCES = %D%/state_bench.c
%C%_state_bench_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/harness
%C%_state_bench_LDADD = $(HARNESS)

# make bench/freeze_bench: what a checkpoint costs a state table.
EXTRA_PROGRAMS += %D%/freeze_bench
%C%_freeze_bench_SOURCES = %D%/freeze_bench.c
%C%_freeze_bench_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/harness
%C%_freeze_bench_LDADD = $(HARNESS)
CLEANFILES += %D%/freeze_bench

# make bench/format_bench: what the formats cost per record.
EXTRA_PROGRAMS += %D%/format_bench
%C%_format_bench_SOURCES = %D%/format_bench.c
%C%_format_bench_LDADD = tests/unit/libformathost.la
CLEANFILES += %D%/format_bench

# make bench/expr_bench: what expressions cost per row.
EXTRA_PROGRAMS += %D%/expr_bench
%C%_expr_bench_SOURCES = %D%/expr_bench.c
%C%_expr_bench_LDADD = $(L3)
CLEANFILES += %D%/expr_bench

# What a keyed edge between workers costs per row; bench/run runs it.
noinst_PROGRAMS += %D%/exchange_bench
%C%_exchange_bench_SOURCES = %D%/exchange_bench.c
%C%_exchange_bench_CFLAGS = $(hot_cflags)
%C%_exchange_bench_LDADD = $(L5)
