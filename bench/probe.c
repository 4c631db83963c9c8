/*
 * What the benchmarks run and measure with, so that no runtime's own start-up gets in the way.
 *
 *   probe mark FILE             appends a record, and ends
 *   probe stay FILE             appends a record, and waits to be killed
 *   probe nap FILE MS           appends a record, and ends after that time
 *   probe lines FILE COUNT RATE appends a record, prints lines of 100 bytes, RATE a second (0: at full speed),
 *                               then a line that says END, and waits to be killed
 *   probe loop COUNT COMMAND... [-- COMMAND...]
 *                               runs the commands in turn with posix_spawn, COUNT times each
 *   probe calls SOCKET UID COUNT FILE...
 *                               sends the D-Bus messages in the files in turn over one connection, COUNT times
 *                               each, and waits for each reply; SOCKET begins with @ when it is abstract
 *
 * A record is 16 bytes: the time of the first instruction in ns (CLOCK_REALTIME), and the process number. loop
 * and calls print how long each took in ns: a line for each round, a column for each command or message.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void record(const char *file) {
  int64_t words[2] = {now(), getpid()};
  int fd = open(file, O_WRONLY | O_APPEND | O_CREAT, 0644);
  if (fd < 0 || write(fd, words, sizeof words) != sizeof words) fail(file);
  close(fd);
}

static void wait_until(int64_t time) {
  struct timespec until = {time / 1000000000, time % 1000000000};
  clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL);
}

static int lines(long count, long rate) {
  int64_t start = now();
  if (rate > 0) setvbuf(stdout, NULL, _IOLBF, 4096);
  for (long line = 0; line < count; line++) {
    /* In bursts of a hundredth of a second. */
    if (rate > 0 && line % (rate / 100 + 1) == 0) wait_until(start + line * 1000000000LL / rate);
    printf("%09ld a line of output such as services print it, with as many characters as they often have..\n", line);
  }
  puts("END");
  fflush(stdout);
  pause();
  return 0;
}

static int64_t run(char **command) {
  posix_spawn_file_actions_t actions;
  pid_t pid;
  int status;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  int64_t begin = now();
  if (posix_spawnp(&pid, command[0], &actions, NULL, command, environ) != 0) fail(command[0]);
  waitpid(pid, &status, 0);
  int64_t time = now() - begin;
  posix_spawn_file_actions_destroy(&actions);
  if (status != 0) {
    fprintf(stderr, "%s: wait status %d\n", command[0], status);
    exit(1);
  }
  return time;
}

static int loop(long count, char **words) {
  char **commands[8] = {words};
  int number = 1;
  for (char **word = words; *word; word++) {
    if (strcmp(*word, "--") != 0) continue;
    *word = NULL;
    if (number < 8) commands[number++] = word + 1;
  }
  while (count-- > 0) {
    for (int i = 0; i < number; i++) printf("%lld%c", (long long)run(commands[i]), i < number - 1 ? '\t' : '\n');
  }
  return 0;
}

static unsigned char buffer[1 << 20];
static size_t filled;

static void fill(int fd) {
  ssize_t size = read(fd, buffer + filled, sizeof buffer - filled);
  if (size <= 0) fail("read");
  filled += size;
}

static uint32_t number(size_t at) {
  uint32_t value;
  memcpy(&value, buffer + at, 4);
  return value;
}

/* Takes messages until one is a reply (2) or an error (3). */
static void reply(int fd) {
  for (int type = 0; type != 2 && type != 3;) {
    size_t length = SIZE_MAX;
    while (filled < length) {
      if (filled < 16) fill(fd);
      else if (length == SIZE_MAX) length = 16 + (number(12) + 7) / 8 * 8 + number(4);
      else fill(fd);
    }
    type = buffer[1];
    memmove(buffer, buffer + length, filled -= length);
  }
}

static int calls(char *path, const char *uid, long count, char **files) {
  static char messages[8][4096];
  size_t lengths[8];
  int kinds = 0;
  for (; files[kinds] && kinds < 8; kinds++) {
    int fd = open(files[kinds], O_RDONLY);
    ssize_t length = read(fd, messages[kinds], sizeof messages[kinds]);
    if (length <= 0) fail(files[kinds]);
    lengths[kinds] = length;
  }
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t length = strlen(path);
  memcpy(address.sun_path, path, length);
  if (path[0] == '@') address.sun_path[0] = 0;
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr *)&address, offsetof(struct sockaddr_un, sun_path) + length) < 0) fail(path);
  char hello[128] = "\0AUTH EXTERNAL ";
  size_t end = 15;
  for (; *uid; uid++) end += sprintf(hello + end, "%02x", *uid);
  end += sprintf(hello + end, "\r\n");
  if (write(fd, hello, end) < 0) fail("write");
  while (filled == 0 || !memchr(buffer, '\n', filled)) fill(fd);
  filled = 0;
  if (write(fd, "BEGIN\r\n", 7) < 0) fail("write");
  while (count-- > 0) {
    for (int i = 0; i < kinds; i++) {
      int64_t begin = now();
      if (write(fd, messages[i], lengths[i]) < 0) fail("write");
      reply(fd);
      printf("%lld%c", (long long)(now() - begin), i < kinds - 1 ? '\t' : '\n');
    }
  }
  return 0;
}

int main(int count, char **words) {
  const char *command = count > 2 ? words[1] : "";
  if (strcmp(command, "loop") == 0) return loop(atol(words[2]), words + 3);
  if (strcmp(command, "calls") == 0 && count > 5) return calls(words[2], words[3], atol(words[4]), words + 5);
  if (!*command) return 2;
  record(words[2]);
  if (strcmp(command, "stay") == 0) pause();
  if (strcmp(command, "nap") == 0 && count > 3) usleep(atol(words[3]) * 1000);
  if (strcmp(command, "lines") == 0 && count > 4) return lines(atol(words[3]), atol(words[4]));
  return 0;
}
