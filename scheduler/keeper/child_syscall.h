/* System calls that leave errno alone: a process that has just been made shares the keeper's memory
 * until its exec, errno with it, while the keeper goes on. For child.c alone. */
#ifndef DATEMILL_KEEPER_CHILD_SYSCALL_H
#define DATEMILL_KEEPER_CHILD_SYSCALL_H

#include <sys/syscall.h>

#define NO_SANITIZE __attribute__((no_sanitize("address", "undefined")))

/* A small negative number is -errno. Where they are missing a process is made as by vfork(). */
#if defined(__x86_64__)

#define CHILD_HAS_SYSCALLS 1

NO_SANITIZE __attribute__((always_inline)) static inline long child_syscall(long number, long a,
                                                                            long b, long c, long d)
{
    long result;
    register long fourth __asm__("r10") = d;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth)
                     : "rcx", "r11", "memory");
    return result;
}

#elif defined(__aarch64__)

#define CHILD_HAS_SYSCALLS 1

NO_SANITIZE __attribute__((always_inline)) static inline long child_syscall(long number, long a,
                                                                            long b, long c, long d)
{
    register long result __asm__("x0") = a;
    register long second __asm__("x1") = b;
    register long third __asm__("x2") = c;
    register long fourth __asm__("x3") = d;
    register long eighth __asm__("x8") = number;
    __asm__ volatile("svc #0"
                     : "+r"(result)
                     : "r"(second), "r"(third), "r"(fourth), "r"(eighth)
                     : "memory", "cc");
    return result;
}

#else

#include <errno.h>
#include <unistd.h>

#define CHILD_HAS_SYSCALLS 0

NO_SANITIZE __attribute__((always_inline)) static inline long child_syscall(long number, long a,
                                                                            long b, long c, long d)
{
    long result = syscall(number, a, b, c, d);
    return result < 0 ? -errno : result;
}

#endif

#endif
