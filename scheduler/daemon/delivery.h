/* One message on its way through one channel: a program of its own, ended at its time limit. */
#ifndef DATEMILL_DAEMON_DELIVERY_H
#define DATEMILL_DAEMON_DELIVERY_H

#include "nodes/node_type.h"
#include "scheduler/flow/notify.h"
#include "scheduler/system/loop.h"

#define DELIVERY_GRACE_SECONDS 5 /* of the helper beyond the webhook's own limit */

struct delivery;

struct delivery_options {
    struct loop *loop;
    const struct project *project;
    const char *libexec_dir;
    const struct notify_channel *channel;
    int64_t id;
    const char *facts;                      /* JSON object of strings, without `id` */
    const struct node_setting *environment; /* PATH HOME USER LANG, for commands */
    size_t environment_count;

    /* `problem` NULL: it was taken. Names no secret. The delivery is gone then. */
    void (*done)(void *owner, const char *problem);
    void *owner;
};

/* Fails when it cannot be started: a secret or a template that cannot be read, no program. */
int delivery_start(const struct delivery_options *options, struct delivery **ret_delivery,
                   struct error *err);
void delivery_cancel(struct delivery *delivery); /* NULL is fine */

#endif
