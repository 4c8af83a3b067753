/* Loaded before libc into a process that writes a store: takes the power away, or the disk's space.
 *
 * Of every file below LIAISE_POWER_DIR that the process opens for writing it notes how much was synced. At the call number
 * LIAISE_POWER_CUT (of writes and syncs to those files) every file is cut to what was synced, or, where LIAISE_POWER_SEED is
 * odd, to a random length between that and what was written, as drives do. Then the process is killed. Killing alone
 * loses nothing: the kernel keeps what was written.
 *
 * With LIAISE_DISK_BYTES the disk is full once so many bytes were written to those files.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOST 4096

struct file {
    dev_t dev;
    ino_t ino;
    int fd; /* our own, so that renaming, linking and closing do not matter */
    off_t synced;
};

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static struct file files[MOST];
static int count;
static long calls, cut = -1, room = -1;
static unsigned long seed;
static const char *below;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
    const char *at = getenv("LIAISE_POWER_CUT"), *from = getenv("LIAISE_POWER_SEED");
    below = getenv("LIAISE_POWER_DIR");
    const char *bytes = getenv("LIAISE_DISK_BYTES");
    cut = at ? atol(at) : -1;
    room = bytes ? atol(bytes) : -1;
    seed = from ? strtoul(from, NULL, 10) : 0;
}

static struct file *find(int fd) {
    struct stat st;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode)) return NULL;
    for (int i = 0; i < count; i++)
        if (files[i].dev == st.st_dev && files[i].ino == st.st_ino) return &files[i];
    return NULL;
}

static int opened(int fd, int flags, off_t before) {
    if (fd < 0 || !below || (flags & O_ACCMODE) == O_RDONLY) return fd;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return fd;
    path[length] = 0;
    if (strncmp(path, below, strlen(below))) return fd;
    pthread_mutex_lock(&lock);
    struct stat st;
    struct file *file = find(fd);
    if (file) {
        if (flags & O_TRUNC) file->synced = 0;
    } else if (!fstat(fd, &st) && S_ISREG(st.st_mode)) {
        if (count == MOST) abort();
        int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (own < 0) abort();
        /* What was there before this process was synced, or the last cut has taken it. */
        files[count++] = (struct file){st.st_dev, st.st_ino, own, flags & O_TRUNC ? 0 : before};
    }
    pthread_mutex_unlock(&lock);
    return fd;
}

static off_t size_of(int dir, const char *path) {
    struct stat st;
    return fstatat(dir, path, &st, 0) ? 0 : st.st_size;
}

static unsigned long draw(void) {
    seed = seed * 6364136223846793005UL + 1442695040888963407UL;
    return seed >> 33;
}

/* Called under the lock, before the call takes effect. */
static void point(void) {
    if (calls++ != cut) return;
    int between = seed & 1;
    for (int i = 0; i < count; i++) {
        struct stat st;
        if (fstat(files[i].fd, &st) || st.st_size <= files[i].synced) continue;
        off_t keep = files[i].synced;
        if (between) keep += draw() % (st.st_size - files[i].synced + 1);
        if (REAL(ftruncate)(files[i].fd, keep)) abort();
    }
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

/* Whether so many more bytes fit; called under the lock. */
static int fits(size_t length) {
    if (room < 0) return 1;
    if ((size_t)room < length) {
        room = 0;
        errno = ENOSPC;
        return 0;
    }
    room -= length;
    return 1;
}

#define OPEN(name)                                                      \
    int name(const char *path, int flags, ...) {                        \
        va_list rest;                                                   \
        va_start(rest, flags);                                          \
        mode_t mode = va_arg(rest, mode_t);                             \
        va_end(rest);                                                   \
        off_t before = size_of(AT_FDCWD, path);                         \
        return opened(REAL(name)(path, flags, mode), flags, before);    \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                    \
    int name(int dir, const char *path, int flags, ...) {               \
        va_list rest;                                                   \
        va_start(rest, flags);                                          \
        mode_t mode = va_arg(rest, mode_t);                             \
        va_end(rest);                                                   \
        off_t before = size_of(dir, path);                              \
        return opened(REAL(name)(dir, path, flags, mode), flags, before); \
    }
OPENAT(openat)
OPENAT(openat64)

#define WRITE(name, parameters, arguments, bytes_written)               \
    ssize_t name parameters {                                           \
        if (!below) return REAL(name) arguments;                        \
        pthread_mutex_lock(&lock);                                      \
        int ours = find(fd) != NULL;                                    \
        /* A write to a pipe may wait: not under the lock. */           \
        if (!ours) pthread_mutex_unlock(&lock);                         \
        if (ours) point();                                              \
        ssize_t written = !ours || fits(bytes_written) ? REAL(name) arguments : -1; \
        if (ours) pthread_mutex_unlock(&lock);                          \
        return written;                                                 \
    }

static size_t total(const struct iovec *parts, int count) {
    size_t bytes = 0;
    for (int i = 0; i < count; i++) bytes += parts[i].iov_len;
    return bytes;
}

WRITE(write, (int fd, const void *bytes, size_t length), (fd, bytes, length), length)
WRITE(pwrite, (int fd, const void *bytes, size_t length, off_t at), (fd, bytes, length, at), length)
WRITE(pwrite64, (int fd, const void *bytes, size_t length, off64_t at), (fd, bytes, length, at), length)
WRITE(writev, (int fd, const struct iovec *parts, int count), (fd, parts, count), total(parts, count))

#define SYNC(name)                                                      \
    int name(int fd) {                                                  \
        if (!below) return REAL(name)(fd);                              \
        pthread_mutex_lock(&lock);                                      \
        struct file *file = find(fd);                                   \
        if (file) point();                                              \
        int failed = REAL(name)(fd);                                    \
        struct stat st;                                                 \
        if (file && !failed && !fstat(fd, &st)) file->synced = st.st_size; \
        pthread_mutex_unlock(&lock);                                    \
        return failed;                                                  \
    }
SYNC(fsync)
SYNC(fdatasync)
