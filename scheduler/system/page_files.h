/* What the page leaves in the state folder for those who ask where it is: all 0600.
 *
 *   web.lock     held while a page is served
 *   web.address  where
 *   web.key      the key of the one-time link; another one once it was used */
#ifndef DATEMILL_SYSTEM_PAGE_FILES_H
#define DATEMILL_SYSTEM_PAGE_FILES_H

#include "scheduler/base/arena.h"
#include "scheduler/base/error.h"
#include "scheduler/system/clock.h"
#include "scheduler/system/lock_file.h"

#define PAGE_FILES_LOCK "web.lock"
#define PAGE_FILES_ADDRESS_BYTES 256
#define PAGE_FILES_MAX_BYTES ((size_t)256 << 10)

/* Takes the lock (ERROR_KIND_BUSY: another serves it, and the text says where) and writes the
 * address, `http://127.0.0.1:8650`. */
int page_files_begin(int state_dir_fd, const char *address, struct lock_file *ret_lock,
                     struct error *err);
void page_files_end(int state_dir_fd, struct lock_file *lock);

/* Where the page is, `http://127.0.0.1:8650`; "" = nobody serves it. */
void page_files_address(int state_dir_fd, char ret_address[PAGE_FILES_ADDRESS_BYTES]);

/* The key; made when there is none. */
int page_files_key(int state_dir_fd, char ret_key[CLOCK_TOKEN_BYTES], struct error *err);

/* Another key from now on. */
int page_files_change_key(int state_dir_fd, struct error *err);

/* A small file, whole: at most PAGE_FILES_MAX_BYTES; "" when it is missing. Belongs to `arena`. */
int page_files_read(int state_dir_fd, const char *name, struct arena *arena, const char **ret_text,
                    struct error *err);

/* Replaces it by a new one, 0600, on disk before its name changes. */
int page_files_write(int state_dir_fd, const char *name, const char *text, struct error *err);

#endif
