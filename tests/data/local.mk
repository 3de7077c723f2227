EXTRA_DIST += %D%/README %D%/keyhash.py %D%/keyhash.tsv %D%/nexmark %D%/access-log-late.yaml %D%/golden-0
