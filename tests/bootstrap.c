/* A function for the runtimes that are provided with it: a whole client of the Runtime API, on the C library alone.

   Of its event, {"loops": N} makes it add up N squares, and answer with the CPU time in milliseconds that this took;
   {"exit": N} ends it, {"fail": 1} answers with an error, and every other event comes back with where it ran. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int api;
static char head[65536], event[65536], id[128];

static void ask(const char *method, const char *path, const char *body) {
  dprintf(api, "%s /2018-06-01/runtime/%s HTTP/1.1\r\nHost: api\r\nContent-Length: %zu\r\n\r\n%s", method, path,
          strlen(body), body);
  size_t held = 0, length = 0;
  char *end = NULL;
  while (!end || held < (size_t)(end - head) + 4 + length) {
    ssize_t part = read(api, head + held, sizeof head - held - 1);
    if (part <= 0) exit(9);
    held += part;
    head[held] = 0;
    if (!end && (end = strstr(head, "\r\n\r\n"))) length = atol(strcasestr(head, "content-length:") + 15);
  }
  snprintf(event, sizeof event, "%s", end + 4);
  char *found = strcasestr(head, "lambda-runtime-aws-request-id: ");
  if (found) sscanf(found + 31, "%127[^\r]", id);
}

static long number(const char *name) {
  char *found = strstr(event, name);
  return found ? atol(strchr(found, ':') + 1) : 0;
}

static double cpu_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

int main(int count, char **arguments) {
  (void)count;
  char host[64], path[256], answer[70000], folder[4096];
  int port;
  sscanf(getenv("AWS_LAMBDA_RUNTIME_API"), "%63[^:]:%d", host, &port);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_pton(AF_INET, host, &at.sin_addr);
  api = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(api, (struct sockaddr *)&at, sizeof at)) return 8;
  for (;;) {
    ask("GET", "invocation/next", "");
    if (number("\"exit\"")) return number("\"exit\"");
    if (number("\"loops\"")) {
      double began = cpu_ms();
      volatile unsigned long total = 0;
      for (long n = 0, loops = number("\"loops\""); n < loops; n++) total += n * n;
      snprintf(answer, sizeof answer, "%f", cpu_ms() - began);
    } else {
      printf("%s got %zu bytes\n", arguments[0], strlen(event));
      fflush(stdout);
      snprintf(answer, sizeof answer, "{\"event\": %s, \"folder\": \"%s\", \"program\": \"%s\", \"named\": \"%s\"}",
               event, getcwd(folder, sizeof folder), arguments[0], getenv("AWS_EXECUTION_ENV") ?: "");
    }
    int fails = number("\"fail\"") != 0;
    snprintf(path, sizeof path, "invocation/%s/%s", id, fails ? "error" : "response");
    ask("POST", path, fails ? "{\"errorType\": \"Refused\", \"errorMessage\": \"as asked\"}" : answer);
  }
}
