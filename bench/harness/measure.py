"""Runs a command and measures it: wall time, processor time, peak memory, and the size of what it left on disk."""

import os
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

SAMPLE_SECONDS = 0.1
MB = 1_000_000


@dataclass
class Measured:
    """`peak_mb` in 10^6 bytes, over the whole process tree; `others` is the share of the machine's processor time that
    went to anything else meanwhile, 0 to 1; `output` is standard output."""

    exit_code: int
    wall_s: float
    cpu_s: float
    peak_mb: float
    others: float
    output: str
    errors: str


def run(command, log_folder, environment=None):
    """Runs `command` to its end. Processor time is that of the process and of every descendant it waited for."""
    log_folder.mkdir(parents=True, exist_ok=True)
    out_path, error_path = log_folder / "stdout", log_folder / "stderr"
    with open(out_path, "wb") as out, open(error_path, "wb") as error:
        busy_before, started = machine_busy_s(), time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=error, env=environment)
        sampler = TreeSampler(process.pid)
        sampler.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        busy = machine_busy_s() - busy_before
        process.returncode = os.waitstatus_to_exitcode(status)
        sampler.stop()
    cpu = usage.ru_utime + usage.ru_stime
    return Measured(
        exit_code=process.returncode,
        wall_s=wall,
        cpu_s=cpu,
        # Linux gives the largest single process in KiB; several at once are summed by the sampler.
        peak_mb=max(usage.ru_maxrss * 1024, sampler.peak_bytes) / MB,
        others=min(1.0, max(0.0, busy - cpu) / (wall * (os.cpu_count() or 1))),
        output=out_path.read_text(errors="replace"),
        errors=error_path.read_text(errors="replace"),
    )


def machine_busy_s():
    """Processor seconds the whole machine has spent on anything, what its host took away included."""
    with open("/proc/stat") as stat:
        user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, stat.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


class TreeSampler(threading.Thread):
    """Peak memory of a process with children, shared pages counted once. A lone process is left in peace: the
    kernel keeps its peak exactly, and asking for the share of every page would slow it down."""

    def __init__(self, root):
        super().__init__(daemon=True)
        self.root = root
        self.peak_bytes = 0
        self.done = threading.Event()

    def run(self):
        while not self.done.wait(SAMPLE_SECONDS):
            tree = descendants(self.root)
            if len(tree) > 1:
                self.peak_bytes = max(self.peak_bytes, sum(map(proportional_bytes, tree)))

    def stop(self):
        self.done.set()
        self.join()


def descendants(root):
    """`root` and every process below it that is alive."""
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children") as children:
                    waiting.extend(int(child) for child in children.read().split())
        except OSError:
            continue  # it ended while we looked
    return found


def proportional_bytes(pid):
    try:
        with open(f"/proc/{pid}/smaps_rollup") as lines:
            for line in lines:
                if line.startswith("Pss:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass  # it ended while we looked
    return 0


def size_of(folder, suffix=""):
    """Bytes of the files below `folder` whose names end with `suffix`."""
    return sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file() and file.name.endswith(suffix))


def warm(folder):
    """Reads the files once, so that no tool pays for the disk in another's stead."""
    for file in Path(folder).iterdir():
        with open(file, "rb", buffering=0) as source:
            while source.read(1 << 20):
                pass
