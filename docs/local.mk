# The manual. Everything in this folder is part of the tarball; man pages (docs/man) and shell
# completions (docs/completion) are installed where they are listed here.

man_pages =
bash_completions =

man_MANS = $(man_pages)
bashcompletionsdir = $(datadir)/bash-completion/completions
bashcompletions_DATA = $(bash_completions)
doc_DATA = README.md

EXTRA_DIST += %D%
