/* The libosip2 side of the benchmark. Reads the messages (473 octets each, one after another) from the file named first and parses
   them in rounds: for each line "N" on standard input it parses N messages and prints the nanoseconds it took.
   osip_message_parse reads the start line, the headers osip knows with their URIs, and the body. */
#include <osipparser2/osip_parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

int main(int argc, char **argv) {
  const size_t length = 473;
  if (argc < 2) return 2;
  FILE *file = fopen(argv[1], "rb");
  if (!file) return 2;
  fseek(file, 0, SEEK_END);
  const size_t count = (size_t)ftell(file) / length;
  rewind(file);
  char *bytes = malloc(count * length);
  if (fread(bytes, length, count, file) != count) return 2;
  parser_init();
  long executions;
  size_t next = 0;
  while (scanf("%ld", &executions) == 1) {
    long good = 0;
    const double began = now();
    for (long i = 0; i < executions; i++) {
      osip_message_t *message;
      osip_message_init(&message);
      if (osip_message_parse(message, bytes + next * length, length) == 0 && message->to != NULL && message->to->url->username != NULL) good++;
      osip_message_free(message);
      next = next + 1 == count ? 0 : next + 1;
    }
    const double took = now() - began;
    if (good != executions) return 3;
    printf("%.0f\n", took);
    fflush(stdout);
  }
  return 0;
}
