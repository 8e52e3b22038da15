dist_man_MANS += man/lvsctl.8 man/lvsd.8
