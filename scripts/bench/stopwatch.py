"""Runs the commands that it reads, a line of JSON each, and says how long each
took. Starting a process from here costs half a millisecond, and no process is
said to have had less memory than this one, some 10 MiB. Deno would add twice as
much time and several times the memory."""

import json
import os
import signal
import sys
import time

# What getrusage() counts memory in: bytes on macOS, else KiB.
UNIT = 1024 if sys.platform == "darwin" else 1


def run(words, folder, timeout):
    os.chdir(folder)
    reader, writer = os.pipe()
    started = time.perf_counter()
    process = os.posix_spawnp(
        words[0],
        words,
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, writer, 1),
            (os.POSIX_SPAWN_DUP2, writer, 2),
        ],
        # A group of its own, so that whatever it starts ends with it.
        setpgroup=0,
    )
    os.close(writer)
    output = []
    timed_out = False
    try:
        signal.setitimer(signal.ITIMER_REAL, timeout)
        while data := os.read(reader, 1 << 16):
            output.append(data)
        _, status, used = os.wait4(process, 0)
        seconds = time.perf_counter() - started
    except TimeoutError:
        timed_out = True
        os.killpg(process, signal.SIGKILL)
        _, status, used = os.wait4(process, 0)
        seconds = time.perf_counter() - started
    except SystemExit:
        os.killpg(process, signal.SIGKILL)
        raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        os.close(reader)
    return {
        "seconds": seconds,
        "cpuSeconds": used.ru_utime + used.ru_stime,
        "peakKiB": used.ru_maxrss // UNIT,
        "status": os.waitstatus_to_exitcode(status),
        "output": b"".join(output).decode(errors="replace"),
        "timedOut": timed_out,
    }


def give_up(*_):
    raise TimeoutError


def leave(*_):
    raise SystemExit(1)


signal.signal(signal.SIGALRM, give_up)
signal.signal(signal.SIGINT, leave)
signal.signal(signal.SIGTERM, leave)
# Python ignores it, and so would all that it starts.
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
# Ends with its standard input, so that it never outlives the bench.
for line in sys.stdin:
    try:
        answer = run(**json.loads(line))
    except OSError as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
