/* A file that is made when there is something to put in it, with its folders. */
#ifndef DATEMILL_KEEPER_LAZY_FILE_H
#define DATEMILL_KEEPER_LAZY_FILE_H

/* Opens `path` (relative: to `dir_fd`) empty, for reading and writing, mode 0600; missing folders
 * are made, mode 0700. Returns the descriptor, or -1 with errno set. */
int lazy_file_open(int dir_fd, const char *path);

#endif
