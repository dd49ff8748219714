/* A pad of five keys that speaks the line protocol: ../pads/line.md says what and why.
 *
 * Any Arduino with 2 kB of RAM will do; nothing is allocated. It is C that is also C++, so that a test
 * compiles it for a computer and presses its keys: see host/. Between pad and box: a level converter
 * for RS-232, or a transceiver for RS-485 whose DE and /RE hang at PIN_DRIVE. Not tried on a board yet.
 */
#include <Arduino.h>
#include <stdint.h>
#include <string.h>

#define ADDRESS 0x01 /* 01 to 7F; each pad on one pair has its own */
#define MULTI_DROP 1 /* 1 on RS-485, even with one pad only; 0 on RS-232 */

#define PIN_BEEP 8
#define PIN_THANKS 9
#define PIN_ASK 10
#define PIN_FAULT 11
#define PIN_DRIVE 12 /* high while we send */

/* Keys between pin and ground: what each says. The first five are the customer's. */
static const uint8_t key_pin[] = {2, 3, 4, 5, 6, 7, A1};
static const char *const key_body[] = {"K5", "K4", "K3", "K2", "K1", "P", "X"};
#define KEYS (sizeof key_pin / sizeof key_pin[0])

#define DEBOUNCE_MS 30 /* a contact closed, or open, for so long without a change */
#define REPEAT_MS 500
#ifndef WORRY_MS
#define WORRY_MS 3000 /* not answered for so long: the fault lamp tells whoever waits */
#endif
#define THANKS_MS 3000
#define BEEP_MS 100
#define QUEUE 8
#define LINE 48 /* $AA,NN, and 32 of body, and *CCCC */

static const char *queue[QUEUE]; /* messages that wait; the first is being sent */
static uint8_t queued, tried;   /* tried: the first one has been sent at least once */
static uint8_t number;          /* of the first one; 00 is hello's */
static uint32_t first_try, next_try, last_byte;

static uint8_t held[KEYS], seen[KEYS];
static uint32_t changed[KEYS];
static char line[LINE];
static uint8_t line_length;
static uint32_t thanks_until, ask_until, beep_until;
static uint8_t thanking, asking, beeping, fault, full;

/* CRC-16/CCITT-FALSE; of "123456789" it is 29B1. */
uint16_t line_crc(const char *text, uint8_t length)
{
	uint16_t crc = 0xFFFF;
	while (length--) {
		crc ^= (uint16_t)((uint8_t)*text++ << 8);
		for (uint8_t bit = 0; bit < 8; bit++)
			crc = (uint16_t)(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
	}
	return crc;
}

static char *put_hex(char *at, uint16_t value, uint8_t digits)
{
	while (digits--)
		*at++ = "0123456789ABCDEF"[value >> 4 * digits & 0xF];
	return at;
}

/* hex reads that many digits, upper case only; -1: they are none. */
static int32_t hex(const char *text, uint8_t digits)
{
	int32_t value = 0;
	while (digits--) {
		char c = *text++;
		if (c >= '0' && c <= '9')
			value = value << 4 | (c - '0');
		else if (c >= 'A' && c <= 'F')
			value = value << 4 | (c - 'A' + 10);
		else
			return -1;
	}
	return value;
}

static void send(const char *body)
{
	char out[LINE + 2];
	char *at = out;
	*at++ = '$';
	at = put_hex(at, ADDRESS, 2);
	*at++ = ',';
	at = put_hex(at, number, 2);
	*at++ = ',';
	memcpy(at, body, strlen(body));
	at += strlen(body);
	uint16_t crc = line_crc(out + 1, (uint8_t)(at - out - 1));
	*at++ = '*';
	at = put_hex(at, crc, 4);
	*at++ = '\r';
	*at++ = '\n';
	digitalWrite(PIN_DRIVE, HIGH);
	for (const char *c = out; c < at; c++)
		Serial.write((uint8_t)*c);
	Serial.flush(); /* until the last bit is out: then the pair is free */
	digitalWrite(PIN_DRIVE, LOW);
	last_byte = millis();
}

/* say queues a message. What finds no room is not taken, and the fault lamp says so. */
static void say(const char *body)
{
	full = queued == QUEUE;
	if (!full)
		queue[queued++] = body;
}

/* on_time reports whether a moment has come; it goes on working when millis begins anew. */
static uint8_t on_time(uint32_t moment) { return (int32_t)(millis() - moment) >= 0; }

/* talk sends the first message of the queue when its time has come and the pair is silent. */
static void talk(void)
{
	if (queued == 0 || (tried && !on_time(next_try)))
		return;
	if (MULTI_DROP && millis() - last_byte < (ADDRESS % 16) * 2u + 4u)
		return; /* somebody speaks, or has just done so */
	if (!tried)
		first_try = millis();
	tried = 1;
	send(queue[0]);
	next_try = millis() + REPEAT_MS;
	if (MULTI_DROP)
		next_try += (uint32_t)random(50, 251); /* two that spoke at once must not do it again */
}

/* answered ends the first message of the queue. A number that is not its own is an old answer's. */
static void answered(uint8_t of, uint8_t taken)
{
	if (queued == 0 || !tried || of != number)
		return;
	if (taken && queue[0][0] == 'K') {
		thanking = 1;
		thanks_until = millis() + THANKS_MS;
		asking = 0;
	}
	memmove(queue, queue + 1, sizeof queue[0] * --queued);
	number = number == 0xFF ? 1 : number + 1;
	tried = full = 0;
}

static void obey(const char *body, uint8_t of)
{
	if ((body[0] == 'A' || body[0] == 'N') && body[1] == 0) {
		answered(of, body[0] == 'A');
	} else if (of == 0 && body[0] == 'Q' && body[1] == ',' && body[2] && body[3] == ',') {
		uint32_t seconds = 0;
		for (const char *c = body + 4; *c >= '0' && *c <= '9' && seconds < 1000; c++)
			seconds = seconds * 10 + (uint32_t)(*c - '0');
		asking = 1;
		thanking = fault = 0;
		ask_until = millis() + seconds * 1000;
	} else if (of == 0 && (body[0] == 'I' || body[0] == 'F') && body[1] == 0) {
		asking = 0;
		fault = body[0] == 'F';
	} else if (of == 0 && body[0] == 'B' && body[1] == 0) {
		beeping = 1;
		beep_until = millis() + BEEP_MS;
	}
}

/* heard looks at a whole line, from behind its $ up to its end. What is not for us, or not whole, is
 * passed over: other pads on the pair, our own echo, noise. */
static void heard(void)
{
	uint8_t n = line_length;
	if (n < 12 || line[2] != ',' || line[5] != ',' || line[n - 5] != '*')
		return;
	if (hex(line, 2) != ADDRESS || hex(line + 3, 2) < 0 || hex(line + n - 4, 4) != line_crc(line, (uint8_t)(n - 5)))
		return;
	line[n - 5] = 0;
	obey(line + 6, (uint8_t)hex(line + 3, 2));
}

static void listen(void)
{
	while (Serial.available() > 0) {
		char c = (char)Serial.read();
		last_byte = millis();
		if (c == '$') {
			line_length = 0; /* whatever came before, here a message begins */
		} else if (c == '\n') {
			if (line_length < LINE)
				heard();
			line_length = LINE;
		} else if (c != '\r' && line_length < LINE) {
			line[line_length++] = c;
		}
	}
}

static void look_at_keys(void)
{
	for (uint8_t i = 0; i < KEYS; i++) {
		uint8_t down = digitalRead(key_pin[i]) == LOW;
		if (down != seen[i]) {
			seen[i] = down;
			changed[i] = millis();
		} else if (down != held[i] && millis() - changed[i] >= DEBOUNCE_MS) {
			held[i] = down;
			if (down)
				say(key_body[i]);
		}
	}
}

static void light_lamps(void)
{
	if (thanking && on_time(thanks_until))
		thanking = 0;
	if (asking && on_time(ask_until))
		asking = 0;
	if (beeping && on_time(beep_until))
		beeping = 0;
	uint8_t worried = queued > 0 && tried && millis() - first_try >= WORRY_MS;
	digitalWrite(PIN_THANKS, thanking ? HIGH : LOW);
	digitalWrite(PIN_ASK, asking ? HIGH : LOW);
	digitalWrite(PIN_FAULT, fault || full || worried ? HIGH : LOW);
	digitalWrite(PIN_BEEP, beeping ? HIGH : LOW);
}

void setup(void)
{
	for (uint8_t i = 0; i < KEYS; i++) {
		pinMode(key_pin[i], INPUT_PULLUP);
		held[i] = seen[i] = digitalRead(key_pin[i]) == LOW; /* held at power-up is stuck, not pressed */
	}
	for (uint8_t pin = PIN_BEEP; pin <= PIN_DRIVE; pin++)
		pinMode(pin, OUTPUT); /* low */
	Serial.begin(9600);
	randomSeed((uint32_t)analogRead(A0) + ADDRESS);
	line_length = LINE;
	number = 0;
	last_byte = millis();
	say("H");
}

void loop(void)
{
	listen();
	look_at_keys();
	talk();
	light_lamps();
}
