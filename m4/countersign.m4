dnl SPDX-License-Identifier: BSD-2-Clause

dnl CS_TRY_FLAG(VAR, FLAG): append FLAG to VAR where the compiler takes it.
AC_DEFUN([CS_TRY_FLAG], [
	AC_MSG_CHECKING([whether $CC takes $2])
	cs_save_CFLAGS=$CFLAGS
	CFLAGS="$CFLAGS -Werror $2"
	AC_COMPILE_IFELSE([AC_LANG_PROGRAM()],
		[AC_MSG_RESULT([yes])]
		[$1="$$1 $2"],
		[AC_MSG_RESULT([no])])
	CFLAGS=$cs_save_CFLAGS
])

dnl CS_TRY_LDFLAG(VAR, FLAG): append FLAG to VAR where the linker takes it.
AC_DEFUN([CS_TRY_LDFLAG], [
	AC_MSG_CHECKING([whether the linker takes $2])
	cs_save_LDFLAGS=$LDFLAGS
	LDFLAGS="$LDFLAGS $2"
	AC_LINK_IFELSE([AC_LANG_PROGRAM()],
		[AC_MSG_RESULT([yes])]
		[$1="$$1 $2"],
		[AC_MSG_RESULT([no])])
	LDFLAGS=$cs_save_LDFLAGS
])

dnl CS_ARC_OCTETS(ARC, VAR): the content octets of a dotted OID as the body
dnl of a C string literal. Every arc below 2^31 (formats, section 1).
AC_DEFUN([CS_ARC_OCTETS], [
	AC_MSG_CHECKING([the DER octets of OID arc $1])
	$2=`$AWK -v arc="$1" -f "$srcdir/m4/oid.awk" /dev/null`
	AS_IF([test -z "$$2"], [AC_MSG_ERROR([bad OID arc: $1])])
	AC_MSG_RESULT([$$2])
])
