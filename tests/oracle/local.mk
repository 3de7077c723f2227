EXTRA_DIST += %D%/README %D%/access-log %D%/expressions %D%/nexmark
