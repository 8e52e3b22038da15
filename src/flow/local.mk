noinst_LIBRARIES += libflow.a
# What is pure is in every build; what touches the kernel needs libipset.
libflow_a_SOURCES = \
	src/flow/align.c \
	src/flow/change.c src/flow/change.h \
	src/flow/compare.c src/flow/compare.h \
	src/flow/datagrams.c \
	src/flow/flow.h \
	src/flow/masquerade.c \
	src/flow/marks.c src/flow/marks.h \
	src/flow/plan.c src/flow/plan.h \
	src/flow/refuse.c \
	src/flow/rules.c src/flow/rules.h \
	src/flow/shape.c src/flow/shape.h \
	src/flow/table.c src/flow/table.h
if IPSET
libflow_a_SOURCES += \
	src/flow/copies.c \
	src/flow/family.c src/flow/family.h \
	src/flow/family_check.c \
	src/flow/family_read.c \
	src/flow/flow.c \
	src/flow/keep.c \
	src/flow/route.c src/flow/route.h \
	src/flow/set.c src/flow/set.h \
	src/flow/show.c \
	src/flow/work.c
else
libflow_a_SOURCES += src/flow/none.c
endif
