EXTRA_DIST += %D%/README %D%/data %D%/nexmark \
	%D%/access-log.yaml %D%/count-batches.yaml %D%/csv-to-sqlite.yaml %D%/cumulative.yaml \
	%D%/dedup.yaml %D%/follow-log.yaml %D%/generator.yaml %D%/json-filter.yaml \
	%D%/late-data.yaml %D%/sessions.yaml %D%/sliding-average.yaml %D%/unnest.yaml

# Built by whoever has installed streamd; tests/meta/third-party.sh does as such a person.
EXTRA_DIST += %D%/plugin/Makefile %D%/plugin/README.md %D%/plugin/data %D%/plugin/silence.c \
	%D%/plugin/silence.yaml %D%/plugin/test_silence.c
