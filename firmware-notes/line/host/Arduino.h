/* So much of Arduino as line.ino uses, for a computer: host.c. */
#ifndef ARDUINO_H
#define ARDUINO_H

#include <stdint.h>

#define LOW 0
#define HIGH 1
#define OUTPUT 1
#define INPUT_PULLUP 2
#define A0 14
#define A1 15

uint32_t millis(void);
void pinMode(uint8_t pin, uint8_t mode);
int digitalRead(uint8_t pin);
void digitalWrite(uint8_t pin, uint8_t level);
int analogRead(uint8_t pin);
long host_random(long from, long below);
#define random host_random /* stdlib has another one */
void randomSeed(uint32_t seed);

struct serial {
	void (*begin)(long baud);
	int (*available)(void);
	int (*read)(void);
	void (*write)(uint8_t b);
	void (*flush)(void);
};
extern const struct serial Serial;

void setup(void);
void loop(void);

#endif
