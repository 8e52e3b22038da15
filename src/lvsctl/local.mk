sbin_PROGRAMS += lvsctl
lvsctl_SOURCES = \
	src/lvsctl/ask.c \
	src/lvsctl/lvsctl.h \
	src/lvsctl/main.c \
	src/lvsctl/render.c
lvsctl_LDADD = liblib.a $(JANSSON_LIBS) $(LIBBSD_LIBS)
