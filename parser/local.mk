noinst_LIBRARIES += libparser.a
libparser_a_SOURCES = \
	parser/answers.c \
	parser/build.c parser/build.h \
	parser/build_check.c \
	parser/build_director.c \
	parser/build_flow.c \
	parser/build_global.c \
	parser/build_lines.c \
	parser/build_method.c \
	parser/build_server.c \
	parser/conf.h \
	parser/copy.c \
	parser/diag.c parser/diag.h \
	parser/draft.h \
	parser/grammar.y \
	parser/include.c \
	parser/names.c \
	parser/parse.h \
	parser/parser.c parser/parser.h \
	parser/print.c \
	parser/reader.c \
	parser/scanner.c \
	parser/syntax.c \
	parser/unique.c parser/unique.h \
	parser/validate.c parser/validate.h \
	parser/validate_check.c \
	parser/validate_director.c \
	parser/validate_flow.c \
	parser/validate_options.c \
	parser/value.c parser/value.h \
	parser/value_addr.c \
	parser/value_dns.c
BUILT_SOURCES += parser/grammar.h
# For "make lvsd", which does not look at BUILT_SOURCES.
parser/build.$(OBJEXT) parser/build_director.$(OBJEXT) parser/parser.$(OBJEXT) parser/scanner.$(OBJEXT): \
	parser/grammar.h
