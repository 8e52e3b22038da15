noinst_LIBRARIES += liblib.a
liblib_a_SOURCES = \
	src/lib/addr.c src/lib/addr.h \
	src/lib/arena.c src/lib/arena.h \
	src/lib/buf.c src/lib/buf.h \
	src/lib/command.c src/lib/command.h \
	src/lib/forwards.c src/lib/forwards.h \
	src/lib/log.c src/lib/log.h \
	src/lib/mono.h \
	src/lib/xalloc.c src/lib/xalloc.h
