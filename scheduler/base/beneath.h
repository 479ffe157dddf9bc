/* Opening files that must lie beneath a folder, whatever links and `..` the path goes through. */
#ifndef DATEMILL_BASE_BENEATH_H
#define DATEMILL_BASE_BENEATH_H

/* A descriptor (close-on-exec) of `path`, relative to the folder `dir_fd`, or -1 with errno. EXDEV:
 * an absolute path, or a link or `..` that leaves the folder on its way. ELOOP: links in a circle.
 * `flags` are those of open(); nothing is created. */
int beneath_open(int dir_fd, const char *path, int flags);

/* What beneath_open() does itself where the kernel does not: openat2 is missing before Linux 5.6
 * and refused in some containers. Links are followed in the text, and each part of what they lead
 * to is opened without following any. */
int beneath_open_by_steps(int dir_fd, const char *path, int flags);

/* 0 when a file can be made in the folder (it is gone again), else errno: what SQLite forgets when
 * it could not make one beside its own, since it then tries to read it. */
int beneath_try_to_make(int dir_fd);

#endif
