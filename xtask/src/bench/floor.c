/* What the kernel alone takes to run a program in a container: no engine can be faster.
 *
 *   cc -O2 -o floor floor.c && ./floor ROOTFS SCRATCH COUNT
 *
 * ROOTFS holds a static /bin/busybox. Each round: a directory, a process in new mount, pid, uts, ipc,
 * net and cgroup namespaces, overlay (volatile), proc, pivot_root, exec of `busybox true`, wait, and
 * removal. One line per round: microseconds.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct round {
    char folder[256], upper[300], work[300], merged[300], old[320], options[1200];
};

static int need(int result, const char *step)
{
    if (result < 0) {
        perror(step);
        _exit(70);
    }
    return result;
}

static int inside(void *given)
{
    struct round *r = given;
    char *program[] = {"busybox", "true", NULL}, *none[] = {NULL};
    need(mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
    need(mount("overlay", r->merged, "overlay", 0, r->options), "overlay");
    need(chdir(r->merged), "chdir");
    need(mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL), "proc");
    need((int)syscall(SYS_pivot_root, ".", "."), "pivot_root");
    need(umount2(".", MNT_DETACH), "umount");
    execve("/bin/busybox", program, none);
    need(-1, "exec");
    return 70;
}

static void gone(const char *folder)
{
    char inner[400];
    snprintf(inner, sizeof inner, "%s/work/work/incompat/volatile/dirty", folder), unlink(inner);
    const char *parts[] = {"/work/work/incompat/volatile", "/work/work/incompat", "/work/work",
                           "/work", "/upper/proc", "/upper", "/merged", ""};
    for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++)
        snprintf(inner, sizeof inner, "%s%s", folder, parts[i]), rmdir(inner);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

int main(int count, char **words)
{
    static char stack[1 << 16] __attribute__((aligned(16)));
    const int flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET |
                      CLONE_NEWCGROUP | CLONE_VM | CLONE_VFORK | SIGCHLD;
    if (count != 4)
        return 2;
    for (int turn = 0; turn < atoi(words[3]); turn++) {
        struct round r;
        double start = now();
        snprintf(r.folder, sizeof r.folder, "%s/floor-%d", words[2], turn);
        snprintf(r.upper, sizeof r.upper, "%s/upper", r.folder);
        snprintf(r.work, sizeof r.work, "%s/work", r.folder);
        snprintf(r.merged, sizeof r.merged, "%s/merged", r.folder);
        snprintf(r.options, sizeof r.options, "volatile,lowerdir=%s,upperdir=%s,workdir=%s",
                 words[1], r.upper, r.work);
        need(mkdir(r.folder, 0700), r.folder);
        need(mkdir(r.upper, 0755), r.upper);
        need(mkdir(r.work, 0700), r.work);
        need(mkdir(r.merged, 0755), r.merged);
        pid_t child = need(clone(inside, stack + sizeof stack, flags, &r), "clone");
        int status = 0;
        need(waitpid(child, &status, 0), "wait");
        gone(r.folder);
        if (status != 0) {
            fprintf(stderr, "round ended with %d\n", status);
            return 1;
        }
        printf("%.0f\n", now() - start);
        fflush(stdout);
    }
    return 0;
}
