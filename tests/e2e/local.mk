# End-to-end tests: *.sh and *.py, listed in e2e_tests; two may not differ in their ending only.

e2e_tests +=

EXTRA_DIST += %D%/README
EXTRA_DIST += %D%/access-log.sh %D%/access-log-late.sh %D%/examples.py %D%/expressions.py %D%/nexmark.py %D%/windows-random.py
EXTRA_DIST += %D%/file-follow.sh %D%/file-sink.sh %D%/file-source.sh %D%/generator.py %D%/sqlite-sink.sh %D%/stdin-stdout.sh
EXTRA_DIST += %D%/state-moving.py
