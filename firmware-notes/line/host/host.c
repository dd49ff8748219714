/* line.ino on a computer: the serial line is file descriptor 3, the keys come in as lines "press PIN",
 * "hold PIN", "free PIN" and "bounce PIN N" (closed and open N times, too fast for a finger), and each
 * change of an output goes out as "PIN LEVEL". "crc TEXT" is answered with the checksum of TEXT. It
 * ends with its input. */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <Arduino.h>

#define LINE_FD 3
#define PINS 32

uint16_t line_crc(const char *text, uint8_t length);

static int down[PINS], level[PINS];
static uint8_t came[256];
static int came_from, came_to;
static char sent[256];
static int sent_length;

uint32_t millis(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint32_t)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

void pinMode(uint8_t pin, uint8_t mode) { (void)pin, (void)mode; }
int digitalRead(uint8_t pin) { return down[pin] ? LOW : HIGH; }
int analogRead(uint8_t pin) { return (int)pin + (int)(millis() & 0xFF); }
void randomSeed(uint32_t seed) { srand(seed); }

long host_random(long from, long below) { return from + rand() % (below - from); }

void digitalWrite(uint8_t pin, uint8_t to)
{
	if (level[pin] == to)
		return;
	level[pin] = to;
	printf("%d %d\n", pin, to);
	fflush(stdout);
}

static void serial_begin(long baud) { (void)baud; }

static int serial_available(void)
{
	if (came_from == came_to) {
		ssize_t n = read(LINE_FD, came, sizeof came);
		came_from = 0;
		came_to = n > 0 ? (int)n : 0;
	}
	return came_to - came_from;
}

static int serial_read(void) { return serial_available() > 0 ? came[came_from++] : -1; }
static void serial_write(uint8_t b) { sent[sent_length++] = (char)b; }

static void serial_flush(void)
{
	if (write(LINE_FD, sent, (size_t)sent_length) != sent_length)
		fprintf(stderr, "the line takes nothing\n");
	sent_length = 0;
}

const struct serial Serial = {serial_begin, serial_available, serial_read, serial_write, serial_flush};

/* stay leaves a key as it is for 60 ms; the pad looks at it before and after, however busy the computer
 * is. */
static void stay(int pin, int to)
{
	down[pin] = to;
	loop();
	for (uint32_t since = millis(); millis() - since < 60; loop())
		poll(NULL, 0, 1);
	loop();
}

static void bounce(int pin, int times)
{
	for (int i = 0; i < 2 * times; i++) {
		down[pin] = !down[pin];
		loop();
		loop();
	}
}

static void command(char *text)
{
	int pin, times;
	if (sscanf(text, "press %d", &pin) == 1 && pin >= 0 && pin < PINS) {
		stay(pin, 1);
		stay(pin, 0);
	} else if (sscanf(text, "hold %d", &pin) == 1 && pin >= 0 && pin < PINS) {
		stay(pin, 1);
	} else if (sscanf(text, "free %d", &pin) == 1 && pin >= 0 && pin < PINS) {
		stay(pin, 0);
	} else if (sscanf(text, "bounce %d %d", &pin, &times) == 2 && pin >= 0 && pin < PINS) {
		bounce(pin, times);
	} else if (strncmp(text, "crc ", 4) == 0) {
		text[strcspn(text, "\n")] = 0;
		printf("%04X\n", line_crc(text + 4, (uint8_t)strlen(text + 4)));
		fflush(stdout);
	}
}

int main(void)
{
	fcntl(LINE_FD, F_SETFL, O_NONBLOCK);
	setvbuf(stdin, NULL, _IONBF, 0); /* else poll would not know of a second line */
	setup();
	for (;;) {
		struct pollfd in = {STDIN_FILENO, POLLIN, 0};
		if (poll(&in, 1, 1) > 0) {
			char text[128];
			if (fgets(text, sizeof text, stdin) == NULL)
				return 0;
			command(text);
		}
		loop();
	}
}
