/* The keeper does little, and others wait for it: what has ended is to be noted and the next one to
 * be started at once, also while every processor is at work. */
#ifndef DATEMILL_KEEPER_SHORT_SLICE_H
#define DATEMILL_KEEPER_SHORT_SLICE_H

/* Asks the scheduler for short slices (Linux 6.12 and later: who has them goes before others when
 * it wakes, and gets no larger share for it); those it starts have the usual ones. Where that is
 * not to be had nothing changes. */
void short_slice_take(void);

#endif
