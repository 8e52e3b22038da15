autocmd BufNewFile,BufRead lvs.conf,*/lvs.d/*.conf setfiletype lvsconf
