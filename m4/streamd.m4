# Two macros of streamd's own: compiler flags that are taken when the compiler knows them, and
# optional libraries with one switch each.

# STREAMD_APPEND_FLAGS(VARIABLE, FLAGS)
# Append to VARIABLE each of FLAGS that the C compiler takes, after those before it, without a word.
AC_DEFUN([STREAMD_APPEND_FLAGS],
[for streamd_flag in m4_normalize([$2]); do
   AS_VAR_PUSHDEF([streamd_cache], [streamd_cv_cflag_$streamd_flag])
   AC_CACHE_CHECK([whether $CC takes $streamd_flag], [streamd_cache],
     [streamd_saved_cflags=$CFLAGS
      CFLAGS="$CFLAGS $$1 -Werror $streamd_flag"
      AC_COMPILE_IFELSE([AC_LANG_PROGRAM()],
        [AS_VAR_SET([streamd_cache], [yes])],
        [AS_VAR_SET([streamd_cache], [no])])
      CFLAGS=$streamd_saved_cflags])
   AS_VAR_IF([streamd_cache], [yes], [AS_VAR_APPEND([$1], [" $streamd_flag"])])
   AS_VAR_POPDEF([streamd_cache])
 done])

# STREAMD_OPTIONAL(NAME, PREFIX, MODULE, WHAT)
# The switch --with-NAME=auto|yes|no for the pkg-config module MODULE, which WHAT needs. Sets
# PREFIX_LIBS, PREFIX_CFLAGS (which define STREAMD_WITH_PREFIX; both are empty when it is off), the
# automake conditional WITH_PREFIX, and with_NAME for the summary: `yes' or `no'.
AC_DEFUN([STREAMD_OPTIONAL],
[AC_ARG_WITH([$1],
   [AS_HELP_STRING([--with-$1], [$4 (needs $3) @<:@auto@:>@])],
   [], [with_$1=auto])
 AS_CASE([$with_$1],
   [no], [],
   [auto|yes],
     [PKG_CHECK_MODULES([$2], [$3],
        [with_$1=yes],
        [AS_IF([test "x$with_$1" = xyes],
           [AC_MSG_ERROR([--with-$1 was asked for, but pkg-config does not find $3])])
         with_$1=no])],
   [AC_MSG_ERROR([--with-$1 takes auto, yes or no, not `$with_$1'])])
 AS_IF([test "x$with_$1" = xyes],
   [$2_CFLAGS="$$2_CFLAGS -DSTREAMD_WITH_$2"])
 AM_CONDITIONAL([WITH_$2], [test "x$with_$1" = xyes])])
