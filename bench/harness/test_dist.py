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

# The instrumented carry leaves its counts where the flags of its build say.
CARGO = """echo "cargo $* CFLAGS=$CFLAGS" >> "$NOTES"
[ "$1" = build ] || exit 0
while [ "$1" != --target-dir ]; do shift; done
mkdir -p "$2/some-host/dist"
cat > "$2/some-host/dist/carry" <<END
#!/bin/sh
echo "carry \\$1" >> "$NOTES"
mkdir -p "$2/counts/rust"
echo raw > "$2/counts/rust/carry.profraw"
exit $CARRY_EXITS
END
chmod +x "$2/some-host/dist/carry" """

PROFDATA = """echo "profdata $*" >> "$NOTES"
[ "$3" = /dev/null ] || echo counts > "$3" """


class Dist(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
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

    def dist(self, profdata=True, carry_exits=0):
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
            "CARRY_EXITS": str(carry_exits),
        }
        done = subprocess.run([DIST], env=given, capture_output=True, text=True)
        self.notes = (self.folder / "notes").read_text().splitlines()
        self.builds = [note for note in self.notes if note.startswith("cargo build")]
        return done

    def test_counts_the_main_job_between_two_builds(self):
        done = self.dist()
        self.assertEqual((done.returncode, done.stdout.strip()), (0, f"{self.target}/guided/some-host/dist/carry"), done.stderr)
        counting, guided = self.builds
        self.assertIn(f"-Cprofile-generate={self.target}/guided/counts/rust", counting)
        self.assertIn(f"CFLAGS= -fprofile-generate={self.target}/guided/counts/c", counting)
        self.assertIn(f"-Cprofile-use={self.target}/guided/counts/rust/carry.profdata", guided)
        self.assertIn(f"CFLAGS= -fprofile-use={self.target}/guided/counts/c", guided)
        between = self.notes[self.notes.index(counting) + 1 : self.notes.index(guided)]
        self.assertEqual([note for note in between if note.startswith("carry")], ["carry try", "carry full", "carry delta"])
        self.assertTrue(between[-1].startswith("profdata merge"), between[-1])

    def test_leaves_c_alone_where_its_compiler_is_not_gcc(self):
        self.tool("cc", "echo 'clang version 19' >&2")
        self.assertEqual(self.dist().returncode, 0)
        self.assertEqual([build.rpartition("CFLAGS=")[2].strip() for build in self.builds], ["", ""])
        self.assertNotIn("lgcov", self.builds[0])

    def test_builds_without_and_says_so_where_nothing_reads_the_counts(self):
        done = self.dist(profdata=False)
        self.assertEqual(done.returncode, 0)
        self.assertIn("building without a profile", done.stderr)
        (only,) = self.builds
        self.assertNotIn("profile-", only)

    def test_a_job_that_fails_is_no_training(self):
        done = self.dist(carry_exits=10)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual((len(self.builds), done.stdout), (1, ""))


if __name__ == "__main__":
    unittest.main()
