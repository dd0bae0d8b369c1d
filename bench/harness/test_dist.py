"""cli/dist builds twice, with its main job between, and says when it cannot. Compilers are stand-ins that note their calls."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

DIST = Path(__file__).resolve().parents[2] / "cli" / "dist"

RUSTC = """case "$1" in
    -vV) echo 'host: some-host' ;;
    --print) echo "$BIN" ;;
    --version) echo 'rustc 1.0' ;;
    *) while [ "$1" != -o ]; do shift; done
       printf '#!/bin/sh\\necho raw > "$(dirname "$0")/main.profraw"\\n' > "$2"; chmod +x "$2" ;;
esac"""

# Each build notes what its compilers are told. The instrumented carry leaves its counts where the script expects them.
CARGO = """[ "$1" = build ] || exit 0
while [ "$1" != --target-dir ]; do shift; done
objects="$2/some-host/dist/build"
[ -e "$objects" ] && echo "objects of the build before" >> "$NOTES"
mkdir -p "$objects/zstd-$OBJECTS" "$2/counts/c$objects/zstd-1"
echo "build with C $CFLAGS" >> "$NOTES"
"$RUSTC_WRAPPER" echo Rust --target some-host >> "$NOTES"
"$RUSTC_WRAPPER" echo script >> "$NOTES"
cat > "$2/some-host/dist/carry" <<END
#!/bin/sh
echo "carry \\$1" >> "$NOTES"
[ "\\$1" = "$FAILS" ] && exit 10
mkdir -p "$2/counts/rust"
echo raw > "$2/counts/rust/carry.profraw"
END
chmod +x "$2/some-host/dist/carry" """

PROFDATA = """echo "profdata $*" >> "$NOTES"
[ "$3" = /dev/null ] || echo counts > "$3" """


class Dist(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name) / "a folder"
        self.folder.mkdir()
        self.tools = self.folder / "bin"
        self.tools.mkdir()
        self.target = self.folder / "target"
        self.tool("rustc", RUSTC)
        self.tool("cargo", CARGO)
        self.tool("cc", "echo 'gcc version 12.2.0' >&2")
        self.tool("id", "echo 1000")

    def tool(self, name, body):
        path = self.tools / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return path

    def dist(self, profdata=True, objects="1", fails="nothing"):
        tool = self.tool("profdata", PROFDATA if profdata else "exit 1")
        # Whatever llvm-profdata this machine has stays out of it.
        for name in ("llvm-profdata", *(f"llvm-profdata-{version}" for version in (22, 21, 20, 19))):
            self.tool(name, "exit 1")
        given = {
            "PATH": f"{self.tools}:{os.environ['PATH']}",
            "BIN": str(self.tools),
            "NOTES": str(self.folder / "notes"),
            "CARGO_TARGET_DIR": str(self.target),
            "LLVM_PROFDATA": str(tool),
            "OBJECTS": objects,
            "FAILS": fails,
        }
        done = subprocess.run([DIST], env=given, capture_output=True, text=True)
        self.notes = (self.folder / "notes").read_text().splitlines()
        return done

    def told(self, whom):
        return [note.removeprefix(whom).strip() for note in self.notes if note.startswith(whom)]

    def test_counts_the_main_job_between_two_builds(self):
        done, work = self.dist(), f"{self.target}/guided"
        self.assertEqual((done.returncode, done.stdout.strip()), (0, f"{work}/some-host/dist/carry"), done.stderr)
        counting, guided = self.told("build with C")
        self.assertIn(f"'-fprofile-generate={work}/counts/c'", counting)
        self.assertIn(f"'-fprofile-use={work}/counts/c'", guided)
        target = "--target some-host"
        generate, use = f"-Cprofile-generate={work}/counts/rust", f"-Cprofile-use={work}/counts/rust/carry.profdata"
        self.assertEqual(self.told("Rust"), [f"{target} {generate} -Clink-arg=-lgcov", f"{target} {use}"])
        self.assertEqual(self.told("script"), ["", ""], "build scripts are not instrumented")
        self.assertEqual(self.told("carry"), ["try", "full", "delta"])
        places = [self.notes.index(f"carry {job}") for job in ("try", "delta")]
        last_merge = max(at for at, note in enumerate(self.notes) if note.startswith("profdata merge"))
        builds = [at for at, note in enumerate(self.notes) if note.startswith("build")]
        self.assertEqual(sorted([*places, last_merge, *builds]), [builds[0], *places, last_merge, builds[1]])
        self.assertNotIn("objects of the build before", self.notes)

    def test_leaves_c_alone_where_its_compiler_is_not_gcc(self):
        self.tool("cc", "echo 'clang version 19' >&2")
        self.assertEqual(self.dist().returncode, 0)
        self.assertEqual(self.told("build with C"), ["", ""])
        self.assertNotIn("lgcov", self.told("Rust")[0])

    def test_builds_without_and_says_so_where_nothing_reads_the_counts(self):
        done = self.dist(profdata=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("building without a profile", done.stderr)
        self.assertEqual(self.told("Rust"), ["--target some-host"])

    def test_any_job_that_fails_is_no_training(self):
        for job in ("try", "full", "delta"):
            with self.subTest(job):
                (self.folder / "notes").unlink(missing_ok=True)
                done = self.dist(fails=job)
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertEqual(len(self.told("build")), 1)

    def test_counts_of_other_objects_are_not_passed_over(self):
        done = self.dist(objects="2")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("other objects", done.stderr)


if __name__ == "__main__":
    unittest.main()
