# What unit tests share. The tests themselves are declared by the modules they test.

EXTRA_DIST += %D%/README
