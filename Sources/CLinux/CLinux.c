#define _GNU_SOURCE
#include "CLinux.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <string.h>
#include <sys/timex.h>

static void numbers_of(const struct in6_addr *in, uint64_t *high, uint64_t *low) {
  memcpy(high, in->s6_addr, 8);
  memcpy(low, in->s6_addr + 8, 8);
  *high = be64toh(*high);
  *low = be64toh(*low);
}

static void unmap(struct clinux_address *address) {
  if (!address->is_ipv4 && address->high == 0 && address->low >> 32 == 0xffff) {
    address->is_ipv4 = 1;
    address->low &= 0xffffffff;
  }
}

static void from_system(const struct sockaddr_storage *from, struct clinux_address *to) {
  memset(to, 0, sizeof *to);
  if (from->ss_family == AF_INET) {
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
    to->is_ipv4 = 1;
    to->low = ntohl(v4->sin_addr.s_addr);
    to->port = ntohs(v4->sin_port);
  } else if (from->ss_family == AF_INET6) {
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;
    numbers_of(&v6->sin6_addr, &to->high, &to->low);
    to->port = ntohs(v6->sin6_port);
    unmap(to);
  }
}

static socklen_t to_system(
    const struct clinux_address *from, int is_ipv6, struct sockaddr_storage *to) {
  memset(to, 0, sizeof *to);
  if (!is_ipv6) {
    struct sockaddr_in *v4 = (struct sockaddr_in *)to;
    v4->sin_family = AF_INET;
    v4->sin_addr.s_addr = htonl((uint32_t)from->low);
    v4->sin_port = htons(from->port);
    return sizeof *v4;
  }
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;
  uint64_t high = htobe64(from->high), low = htobe64(from->low);
  v6->sin6_family = AF_INET6;
  memcpy(v6->sin6_addr.s6_addr, &high, 8);
  memcpy(v6->sin6_addr.s6_addr + 8, &low, 8);
  v6->sin6_port = htons(from->port);
  return sizeof *v6;
}

int clinux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }
int clinux_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }
int clinux_socket(int is_ipv6) {
  return socket(is_ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

int clinux_accept(int listener, struct clinux_address *peer) {
  struct sockaddr_storage address;
  socklen_t length = sizeof address;
  memset(&address, 0, sizeof address);
  int fd = accept4(listener, (struct sockaddr *)&address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) from_system(&address, peer);
  return fd;
}

ssize_t clinux_send(int fd, const void *bytes, size_t count) {
  return send(fd, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT);
}

ssize_t clinux_receive(int fd, void *bytes, size_t count) {
  return recv(fd, bytes, count, MSG_DONTWAIT);
}

int clinux_set_option(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof value);
}

int clinux_set_nonblocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  return flags < 0 ? flags : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int clinux_reuse_address(int fd) { return clinux_set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1); }
int clinux_reuse_port(int fd) { return clinux_set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1); }
int clinux_no_delay(int fd) { return clinux_set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1); }

int clinux_bind(int fd, const struct clinux_address *address, int is_ipv6) {
  struct sockaddr_storage system;
  socklen_t length = to_system(address, is_ipv6, &system);
  return bind(fd, (struct sockaddr *)&system, length);
}

int clinux_connect(int fd, const struct clinux_address *address, int is_ipv6) {
  struct sockaddr_storage system;
  socklen_t length = to_system(address, is_ipv6, &system);
  return connect(fd, (struct sockaddr *)&system, length);
}

int clinux_local_address(int fd, struct clinux_address *address) {
  struct sockaddr_storage system;
  socklen_t length = sizeof system;
  memset(&system, 0, sizeof system);
  int result = getsockname(fd, (struct sockaddr *)&system, &length);
  if (result == 0) from_system(&system, address);
  return result;
}

int clinux_socket_error(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : -1;
}

int clinux_parse_address(const char *text, uint16_t port, struct clinux_address *address) {
  struct in_addr v4;
  struct in6_addr v6;
  memset(address, 0, sizeof *address);
  address->port = port;
  if (inet_pton(AF_INET, text, &v4) == 1) {
    address->is_ipv4 = 1;
    address->low = ntohl(v4.s_addr);
    return 1;
  }
  if (inet_pton(AF_INET6, text, &v6) != 1) return 0;
  numbers_of(&v6, &address->high, &address->low);
  unmap(address);
  return 1;
}

void clinux_format_address(const struct clinux_address *address, char *out, size_t size) {
  struct sockaddr_storage system;
  to_system(address, !address->is_ipv4, &system);
  if (address->is_ipv4) {
    inet_ntop(AF_INET, &((struct sockaddr_in *)&system)->sin_addr, out, (socklen_t)size);
  } else {
    inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&system)->sin6_addr, out, (socklen_t)size);
  }
}

int clinux_clock_is_kept(void) {
  struct timex state;
  memset(&state, 0, sizeof state);
  int result = adjtimex(&state);
  return result >= 0 && result != TIME_ERROR && !(state.status & STA_UNSYNC);
}

void clinux_trim_memory(void) {
  (void)malloc_trim(0);
}

void clinux_name_thread(unsigned long thread, const char *name) {
  (void)pthread_setname_np(thread, name);
}
