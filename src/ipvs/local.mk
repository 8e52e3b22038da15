noinst_LIBRARIES += libipvs.a
libipvs_a_SOURCES = \
	src/ipvs/conn.c \
	src/ipvs/diff.c \
	src/ipvs/handle.c src/ipvs/handle.h \
	src/ipvs/ipvs.h \
	src/ipvs/listing.c src/ipvs/listing.h \
	src/ipvs/mem.c \
	src/ipvs/msg.c src/ipvs/msg.h \
	src/ipvs/nl.c src/ipvs/nl.h \
	src/ipvs/nl_dump.c \
	src/ipvs/rate.c \
	src/ipvs/table.c \
	src/ipvs/text.c
