// The floor of fan-out: what the kernel takes for one send() to each member of a room, and nothing else.
//
//     floor PORT    listens on 127.0.0.1; prints "ready" when it does
//
// A connection that begins with GET /ROOM is a WebSocket that joins the room of that number; its
// handshake is answered properly, so that the same client works. A connection that begins with FRAME is
// a publisher: first FRAME LENGTH\n and so many bytes, the frame to send; then lines, each the number of
// a room: the frame goes to each of the room's members with one send() that does not wait, in the order
// in which they came, out of one dense array. One thread, level-triggered epoll; nobody's lot is looked
// after: a member whose socket is full misses the frame, and the client counts what it got.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOMS = 1024, FDS = 65536, NEW = 0, MEMBER = 1, PUBLISHER = 2 };

static struct { int *fds; int count, room; } rooms[ROOMS];
static unsigned char kind[FDS];
static char frame[65536], text[65536];
static size_t frame_bytes, text_bytes;

static void refuse(int fd) { close(fd); }

static void join(int fd, char *request) {
  unsigned long room = strtoul(request + 5, NULL, 10);
  char *key = strstr(request, "Sec-WebSocket-Key: ");
  if (!key || room >= ROOMS) { refuse(fd); return; }
  char joined[128];
  snprintf(joined, sizeof joined, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key + 19);
  unsigned char digest[EVP_MAX_MD_SIZE], encoded[64];
  unsigned size = 0;
  EVP_Digest(joined, strlen(joined), digest, &size, EVP_sha1(), NULL);
  EVP_EncodeBlock(encoded, digest, (int)size);
  char answer[256];
  int length = snprintf(answer, sizeof answer,
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: %s\r\n\r\n", encoded);
  if (send(fd, answer, (size_t)length, MSG_NOSIGNAL) != length) { refuse(fd); return; }
  if (rooms[room].count == rooms[room].room) {
    int more = rooms[room].room ? rooms[room].room * 2 : 32;
    int *fds = realloc(rooms[room].fds, (size_t)more * sizeof *fds);
    if (!fds) { refuse(fd); return; }
    rooms[room].fds = fds;
    rooms[room].room = more;
  }
  rooms[room].fds[rooms[room].count++] = fd;
  kind[fd] = MEMBER;
}

// The hot loop: this is what the product is held against.
static void publish(unsigned long room) {
  if (room >= ROOMS) return;
  for (int i = 0; i < rooms[room].count; i++)
    send(rooms[room].fds[i], frame, frame_bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void take_lines(void) {
  char *line = text, *end;
  while ((end = memchr(line, '\n', text_bytes - (size_t)(line - text)))) {
    publish(strtoul(line, NULL, 10));
    line = end + 1;
  }
  text_bytes -= (size_t)(line - text);
  memmove(text, line, text_bytes);
}

static void take(int fd) {
  if (kind[fd] == MEMBER) {
    char unread[4096];
    ssize_t count = recv(fd, unread, sizeof unread, MSG_DONTWAIT);
    if (count == 0 || (count < 0 && errno != EAGAIN)) {
      for (int r = 0; r < ROOMS; r++)
        for (int i = 0; i < rooms[r].count; i++)
          if (rooms[r].fds[i] == fd) rooms[r].fds[i--] = rooms[r].fds[--rooms[r].count];
      kind[fd] = NEW;
      close(fd);
    }
    return;
  }
  if (kind[fd] == PUBLISHER) {
    ssize_t count = recv(fd, text + text_bytes, sizeof text - text_bytes, MSG_DONTWAIT);
    if (count == 0) { kind[fd] = NEW; text_bytes = 0; close(fd); return; }
    if (count > 0) text_bytes += (size_t)count;
    take_lines();
    return;
  }
  char request[4096];
  ssize_t count = recv(fd, request, sizeof request - 1, MSG_DONTWAIT);
  if (count <= 0) { if (count == 0) close(fd); return; }
  request[count] = 0;
  if (!strncmp(request, "GET /", 5)) { join(fd, request); return; }
  char *end = memchr(request, '\n', (size_t)count);
  frame_bytes = strtoul(request + 6, NULL, 10);
  if (strncmp(request, "FRAME ", 6) || !end ||
      (size_t)(request + count - end - 1) < frame_bytes || frame_bytes > sizeof frame) {
    refuse(fd);
    return;
  }
  kind[fd] = PUBLISHER;
  memcpy(frame, end + 1, frame_bytes);
  text_bytes = (size_t)(request + count - end - 1) - frame_bytes;
  memcpy(text, end + 1 + frame_bytes, text_bytes);
  take_lines();
}

int main(int argc, char **argv) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;
  struct sockaddr_in address = {.sin_family = AF_INET};
  address.sin_port = htons((uint16_t)(argc > 1 ? atoi(argv[1]) : 0));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) {
    perror("floor");
    return 1;
  }
  int epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[512];
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  puts("ready");
  fflush(stdout);
  for (;;) {
    int count = epoll_wait(epoll, events, 512, -1);
    for (int i = 0; i < count; i++) {
      if (events[i].data.fd != listener) { take(events[i].data.fd); continue; }
      int fd;
      while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (fd >= FDS) { close(fd); continue; }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        event = (struct epoll_event){.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
      }
    }
  }
}
