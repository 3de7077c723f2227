# Tests of the tree itself.

meta_tests += %D%/abi.py %D%/codes.py %D%/comments.py %D%/format.py %D%/headers.py %D%/install.sh \
	%D%/layers.py %D%/links.py %D%/listed.py %D%/reference.sh %D%/scripts.py %D%/third-party.sh \
	%D%/words.py

# These look at what was built, so they run on an installation too.
e2e_tests += %D%/failpoints.py %D%/linkage.py

EXTRA_DIST += %D%/README %D%/tree.py %D%/abi.txt
