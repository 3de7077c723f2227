EXTRA_DIST += %D%/README %D%/nexmark %D%/access-log-late.yaml
