dist_man_MANS += man/lvs.conf.5 man/lvsctl.8 man/lvsd.8
