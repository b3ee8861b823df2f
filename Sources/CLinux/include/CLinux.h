// What Swift cannot see of Linux: epoll and eventfd (not in the Glibc module), accept4, flags that
// are macros or enumerations in the system's headers, and the conversions between socket addresses
// and plain numbers.
// Nothing here keeps state, allocates, or decides; every function may be called from any thread.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/types.h>

// An address of the internet as plain numbers in host byte order. IPv4, also where it arrives mapped
// into IPv6, has is_ipv4 = 1, high = 0 and the address in the low 32 bits of low.
struct clinux_address {
  uint64_t high;
  uint64_t low;
  uint16_t port;
  uint8_t is_ipv4;
};

// Bits of epoll_event.events.
static const uint32_t clinux_epoll_in = EPOLLIN;
static const uint32_t clinux_epoll_out = EPOLLOUT;
static const uint32_t clinux_epoll_peer_closed = EPOLLRDHUP;
static const uint32_t clinux_epoll_broken = EPOLLERR | EPOLLHUP;
static const uint32_t clinux_epoll_edge = (uint32_t)EPOLLET;

// System calls with fixed flags; the result and errno are the kernel's.
int clinux_epoll_create(void);                    // closed on exec
int clinux_eventfd(void);                         // non-blocking, closed on exec
int clinux_socket(int is_ipv6);                   // TCP, blocking, closed on exec
int clinux_accept(int listener, struct clinux_address *peer);  // non-blocking, closed on exec
ssize_t clinux_send(int fd, const void *bytes, size_t count);  // never blocks, never raises SIGPIPE
ssize_t clinux_receive(int fd, void *bytes, size_t count);     // never blocks
int clinux_set_option(int fd, int level, int name, int value);
int clinux_set_nonblocking(int fd);
int clinux_reuse_address(int fd);
int clinux_reuse_port(int fd);
int clinux_no_delay(int fd);
int clinux_bind(int fd, const struct clinux_address *address, int is_ipv6);
int clinux_connect(int fd, const struct clinux_address *address, int is_ipv6);
int clinux_local_address(int fd, struct clinux_address *address);
int clinux_socket_error(int fd);                  // takes SO_ERROR; -1 where even that fails

// Reads an address such as 127.0.0.1 or ::1 (no names); 0 where it is neither.
int clinux_parse_address(const char *text, uint16_t port, struct clinux_address *address);
// Writes the address without its port; out holds at least 46 bytes.
void clinux_format_address(const struct clinux_address *address, char *out, size_t size);

// Whether a time service keeps the wall clock: adjtimex(2).
int clinux_clock_is_kept(void);

// Gives memory that is free between what is in use back to the system.
void clinux_trim_memory(void);

// Names a thread for debuggers; more than 15 bytes are refused, which is harmless.
void clinux_name_thread(unsigned long thread, const char *name);
