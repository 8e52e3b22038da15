dnl LVSD_NEED(NAME, PKG-CONFIG MODULES, DEBIAN PACKAGES, [HEADER], [LIBRARY], [FUNCTION])
dnl Sets NAME_CFLAGS and NAME_LIBS. A library without a pkg-config file (MODULES
dnl empty) is looked for by HEADER and, when LIBRARY is given, by FUNCTION in it.
dnl What is missing is remembered; LVSD_NEED_END names all of it at once.
AC_DEFUN([LVSD_NEED], [m4_ifval([$2],
  [PKG_CHECK_MODULES([$1], [$2], [:], [LVSD_MISSING="$LVSD_MISSING $3"])],
  [AC_CHECK_HEADER([$4],
    [m4_ifval([$5],
      [lvsd_save_LIBS=$LIBS
       AC_CHECK_LIB([$5], [$6], [$1_LIBS=-l$5], [LVSD_MISSING="$LVSD_MISSING $3"])
       LIBS=$lvsd_save_LIBS])],
    [LVSD_MISSING="$LVSD_MISSING $3"])
   AC_SUBST([$1_CFLAGS])
   AC_SUBST([$1_LIBS])])])

dnl LVSD_NEED_TOOL(PROGRAM, DEBIAN PACKAGE)
AC_DEFUN([LVSD_NEED_TOOL],
  [AC_CHECK_PROG([lvsd_have_$1], [$1], [yes], [no])
   AS_IF([test "$lvsd_have_$1" = no], [LVSD_MISSING="$LVSD_MISSING $2"])])

AC_DEFUN([LVSD_NEED_END],
  [AS_IF([test -n "$LVSD_MISSING"],
    [AC_MSG_ERROR([something is missing; on Debian: apt-get install$LVSD_MISSING (sh tests/install build does it for all of them)])])])
