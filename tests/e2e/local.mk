# End-to-end tests: *.sh and *.py, listed in e2e_tests; two may not differ in their ending only.

e2e_tests += \
	%D%/access-log.sh \
	%D%/access-log-late.sh \
	%D%/command-line.sh \
	%D%/corpus.py \
	%D%/delivery.sh \
	%D%/diagnostics.sh \
	%D%/documents.py \
	%D%/error-output.sh \
	%D%/examples.py \
	%D%/expressions.py \
	%D%/file-follow.sh \
	%D%/file-sink.sh \
	%D%/file-source.sh \
	%D%/functions.py \
	%D%/generator.py \
	%D%/hostile-workers.py \
	%D%/at-end.sh \
	%D%/checkpoint-turns.sh \
	%D%/savepoint-last.sh \
	%D%/idle-sources.sh \
	%D%/interrupt.sh \
	%D%/nexmark.py \
	%D%/parallel.py \
	%D%/parallel-killed.py \
	%D%/plugin-judge.sh \
	%D%/savepoint-stopping.sh \
	%D%/savepoint-verbs.py \
	%D%/savepoint.sh \
	%D%/sealed-killed.py \
	%D%/sqlite-sink.sh \
	%D%/state-dir.sh \
	%D%/state-moving.py \
	%D%/stdin-stdout.sh \
	%D%/windows-random.py \
	%D%/workers.sh

EXTRA_DIST += %D%/README %D%/processes.sh %D%/parallel_cases.py
