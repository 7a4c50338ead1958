"""What a process is like when it begins, as JSON in the file of its argument."""
import ctypes, fcntl, json, os, re, signal, sys


def text(path):
    with open(path, "rb") as file:
        return file.read().decode("latin-1")


def death_signal():
    value = ctypes.c_int()
    ctypes.CDLL(None).prctl(2, ctypes.byref(value), 0, 0, 0)
    return value.value


def descriptors():
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            flags = fcntl.fcntl(int(name), fcntl.F_GETFL)
            target = os.readlink("/proc/self/fd/" + name)
        except OSError:
            continue  # The one that listed the folder.
        found[name] = [re.sub(r"\d+", "", target), oct(flags)]
    return found


pid, parent = os.getpid(), os.getppid()
facts = {
    "parent": text(f"/proc/{parent}/comm"),
    "leads its group": os.getpgid(0) == pid,
    "shares its parent's group": os.getpgid(0) == os.getpgid(parent),
    "shares its parent's session": os.getsid(0) == os.getsid(parent),
    "has a terminal": text("/proc/self/stat").rpartition(") ")[2].split()[4] != "0",
    "is in the foreground": any(
        os.isatty(fd) and os.tcgetpgrp(fd) == os.getpgid(0) for fd in range(3)
    ),
    "status": re.findall(
        "^(?:Name|Umask|Uid|Gid|Groups|SigBlk|Cap.*|NoNewPrivs|Seccomp):.*",
        text("/proc/self/status"),
        re.M,
    ),
    "limits": text("/proc/self/limits").splitlines(),
    "descriptors": descriptors(),
    "environment": text("/proc/self/environ").split("\0")[:-1],
    "timer": signal.getitimer(signal.ITIMER_REAL),
    "death signal": death_signal(),
    "timer slack": text("/proc/self/timerslack_ns"),
    "nice": os.nice(0),
    "folder": os.getcwd(),
}
with open(sys.argv[1], "w") as file:
    json.dump(facts, file)
