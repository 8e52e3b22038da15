" Vim syntax file: lvs.conf(5). Keywords are words of a line, not reserved: what is
" shown is how they are mostly used.
if exists('b:current_syntax')
  finish
endif
syntax case match
syntax iskeyword @,48-57,_,-

" Statements begin their line.
syntax match lvsSection '^\s*\%(global\|defaults\|director\|flow\|include\)\>' skipwhite nextgroup=lvsName
syntax match lvsName '[A-Za-z0-9._-]\+' contained
syntax match lvsStatement '^\s*\%(balance\|mode\|check\|checks\|option\|server\|match\|ignore\)\>'
syntax match lvsStatement '^\s*\%(user\|control\|status\|state\|stop\|table\|timeouts\|empty\|sync\|conntrack\|sysctl\)\>'

syntax keyword lvsMethod roundrobin leastconn localitybased replication source srcdst dest
syntax keyword lvsMethod shortexpdelay shortestexpected neverqueue fo weightedfailover ovf ovh mh twos
syntax keyword lvsMethod kernel flag-1 flag-2 flag-3 nat gateway tunnel masquerade ipip gue gre
syntax keyword lvsMethod keep clear shared exclusive none never yes remote required
syntax keyword lvsMethod get head options master backup both
syntax keyword lvsMethod GET HEAD OPTIONS TCP UDP SCTP tcp udp sctp icmp
syntax keyword lvsOption icmpcheck tcpcheck udpcheck dnscheck externalcheck arpcheck httpcheck
syntax keyword lvsOption httpscheck persistence onepacket sip agentcheck slowstart quorum panic
syntax keyword lvsOption announce drain
syntax keyword lvsArgument weight sorry maxconn minconn inhibit rise fall interval timeout port
syntax keyword lvsArgument fastinter downinter send expect ssl sni verify cafile name type rcode
syntax keyword lvsArgument iface uri statuscode vhost method netmask checksum fwmark group
syntax keyword lvsArgument tcpfin interface syncid maxlen ttl max-in-flight
syntax keyword lvsArgument proto src dst srcport dstport icmptype not outflow

syntax match lvsAddress '\<\d\{1,3}\%(\.\d\{1,3}\)\{3}\%(/\d\+\)\?\%(:\d\+\)\?\>'
syntax match lvsAddress '\[\x*:[0-9A-Fa-f:.]*\]\%(:\d\+\)\?'
syntax match lvsNumber '\<\d\+\%(\.\d\+\)\?\%(ms\|s\|m\|h\|%\)\?\%(\s\|$\)\@='
syntax match lvsEscape '\\\%(x\x\x\|.\)' contained
syntax region lvsText start='"' skip='\\.' end='"' oneline contains=lvsEscape
syntax match lvsComment '#.*$' contains=lvsTodo
syntax keyword lvsTodo TODO FIXME XXX contained

highlight default link lvsSection Structure
highlight default link lvsName Identifier
highlight default link lvsStatement Statement
highlight default link lvsMethod Constant
highlight default link lvsOption Type
highlight default link lvsArgument Keyword
highlight default link lvsAddress Special
highlight default link lvsNumber Number
highlight default link lvsText String
highlight default link lvsEscape SpecialChar
highlight default link lvsComment Comment
highlight default link lvsTodo Todo

let b:current_syntax = 'lvsconf'
