/*
 * raw_filter: what may wake the checker.
 *
 * A raw socket hears everything of its protocol that comes to the machine. These
 * filters leave answers to this process and drop the rest in the kernel; they
 * cannot know the probes, so what passes is still checked in full.
 */
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "check/raw.h"

/* clang-format off */

/* Echo replies with our id, and "unreachable" about a request with our id. The
 * packet begins with its IP header. */
static bool filter_icmp4(int fd, uint16_t id)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0), /* X = length of the IP header */
		BPF_STMT(BPF_LD | BPF_B | BPF_IND, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ICMP_ECHOREPLY, 7, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ICMP_UNREACH, 0, 8),
		/* X += length of the IP header inside */
		BPF_STMT(BPF_LD | BPF_B | BPF_IND, 8),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x0f),
		BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 2),
		BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0),
		BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 8),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, id, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, RAW_PACKET_MAX),
	};
	struct sock_fprog prog = { sizeof code / sizeof *code, code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof prog) == 0;
}

/* The same for ICMPv6, whose packet begins behind the IP header, and neighbour
 * advertisements. */
static bool filter_icmp6(int fd, uint16_t id)
{
	enum { INNER = 8 + 40 }; /* the request inside an "unreachable" */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ND_NEIGHBOR_ADVERT, 7, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ICMP6_ECHO_REPLY, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ICMP6_DST_UNREACH, 0, 4),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, INNER + 4),
		BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, id, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, RAW_PACKET_MAX),
	};
	struct sock_fprog prog = { sizeof code / sizeof *code, code };
	struct icmp6_filter types;
	int on = 1;

	ICMP6_FILTER_SETBLOCKALL(&types);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &types);
	ICMP6_FILTER_SETPASS(ICMP6_DST_UNREACH, &types);
	ICMP6_FILTER_SETPASS(ND_NEIGHBOR_ADVERT, &types);
	return setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &types, sizeof types) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof prog) == 0 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof on) == 0 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on) == 0;
}

/* Replies over Ethernet about IPv4, sent to this host and nobody else. */
static bool filter_arp(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), /* hardware and protocol */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARPHRD_ETHER << 16 | ETH_P_IP, 0, 5),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARPOP_REPLY, 0, 3),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_HOST, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, RAW_PACKET_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog prog = { sizeof code / sizeof *code, code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof prog) == 0;
}

/* clang-format on */

bool raw_filter(enum raw_kind kind, int fd, uint16_t id)
{
	switch (kind) {
	case RAW_ICMP4:
		return filter_icmp4(fd, id);
	case RAW_ICMP6:
		return filter_icmp6(fd, id);
	case RAW_ARP:
		return filter_arp(fd);
	case RAW_KINDS:
		break;
	}
	abort();
}
