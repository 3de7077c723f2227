# The plugin format-regex.so. plugins/README shows the lines that make one.

EXTRA_DIST += %D%/README
