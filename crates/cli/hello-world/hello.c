/* The one program of the image hello-world, which build.rs packs into the hull binary.
 *
 * No libc: it must build with any C compiler and run in an empty root file system.
 */
static const char text[] =
    "\n"
    "Hello from hull!\n"
    "This message shows that containers run on this machine.\n"
    "\n"
    "To print it, hull took these steps:\n"
    " 1. The command line turned your words into a wish and looked for the image\n"
    "    hello-world. It comes inside the hull binary, so nothing was downloaded:\n"
    "    its digests were checked and its one layer was unpacked into the store.\n"
    " 2. The engine wrote the container down in its ledger and made a bundle: a\n"
    "    specification of this process and of the file system it sees.\n"
    " 3. A small monitor, one process for this container alone, opened the log and\n"
    "    had the kernel make namespaces, control groups, a seccomp filter and a\n"
    "    short list of capabilities, then started this program inside them.\n"
    " 4. What you are reading went from this program to the monitor, and from there\n"
    "    to your terminal and the log. The monitor keeps the exit code and ends.\n"
    "\n"
    "No daemon took part, and none is left behind.\n"
    "\n"
    "For something bigger, load an image from an archive and look around in it:\n"
    " $ hull load -i debian.tar\n"
    " $ hull run -it debian bash\n"
    "\n";

#if defined(__x86_64__)
static long call3(long number, long a, long b, long c)
{
    long result;
    __asm__ volatile("syscall" : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}
enum { WRITE = 1, EXIT_GROUP = 231 };
#elif defined(__aarch64__)
static long call3(long number, long a, long b, long c)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
    return x0;
}
enum { WRITE = 64, EXIT_GROUP = 94 };
#else
#error "hello-world knows the system calls of x86_64 and aarch64 only"
#endif

void _start(void)
{
    const char *at = text;
    long left = sizeof text - 1;
    while (left > 0) {
        long written = call3(WRITE, 1, (long)at, left);
        if (written <= 0)
            break;
        at += written;
        left -= written;
    }
    for (;;)
        call3(EXIT_GROUP, left > 0, 0, 0);
}
