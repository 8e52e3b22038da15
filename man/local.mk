dist_man_MANS += man/lvs.conf.5 man/lvsctl.8 man/lvsd.8

if LVSWEB
dist_man_MANS += man/lvsweb.8
else
EXTRA_DIST += man/lvsweb.8
endif
