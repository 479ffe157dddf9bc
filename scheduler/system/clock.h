/* The only reader of clocks, and of the other things that differ from one moment to the next: the
 * boot the machine is in, and random bytes. Everything else gets time handed in. */
#ifndef DATEMILL_SYSTEM_CLOCK_H
#define DATEMILL_SYSTEM_CLOCK_H

#include "scheduler/base/error.h"
#include "scheduler/base/instant.h"

#define CLOCK_BOOT_ID_BYTES 40 /* a UUID of 36 characters and a NUL */
#define CLOCK_TOKEN_BYTES 33   /* 128 random bits in hexadecimal and a NUL */

/* CLOCK_REALTIME: for people and for schedules. It may jump. */
struct instant clock_now(void);

/* CLOCK_MONOTONIC, since an unnamed start: for measuring and for deadlines. It never goes back and
 * stands still while the machine sleeps. */
struct duration clock_monotonic(void);

/* Like it, and goes on while the machine sleeps: as the wall clock does, but nobody sets it. */
struct duration clock_boottime(void);

/* When this process started, by the wall clock of now. */
struct instant clock_process_started(void);

/* A name of the machine's present boot: another one means that no process of before can live. */
int clock_read_boot_id(char ret_boot_id[CLOCK_BOOT_ID_BYTES], struct error *err);

/* 32 lower-case hexadecimal digits that nobody can guess (getrandom). */
int clock_make_token(char ret_token[CLOCK_TOKEN_BYTES], struct error *err);

#endif
