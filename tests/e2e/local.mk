EXTRA_DIST += %D%/README
EXTRA_DIST += %D%/access-log.sh %D%/access-log-late.sh %D%/nexmark.py
