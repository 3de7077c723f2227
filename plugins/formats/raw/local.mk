# The plugin format-raw.so. plugins/README shows the lines that make one.

EXTRA_DIST += %D%/README
