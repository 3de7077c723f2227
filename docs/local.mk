# The manual. Everything in this folder is part of the tarball.

EXTRA_DIST += %D%
