//! A private PostgreSQL for one test: its own cluster in a folder of its own, reached over a socket, gone afterwards.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A running cluster.
pub(crate) struct Postgres {
    programs: PathBuf,
    folder: tempfile::TempDir,
    // The server refuses to run as root.
    as_user: bool,
}

impl Postgres {
    /// None where PostgreSQL's server is not installed.
    pub(crate) fn start() -> Option<Self> {
        let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
        let programs = versions
            .flatten()
            .map(|version| version.path().join("bin"))
            .find(|bin| bin.join("initdb").exists())?;
        let root = Command::new("id").arg("-u").output().ok()?.stdout.starts_with(b"0");
        let folder = tempfile::tempdir().ok()?;
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).ok()?;
        let cluster = Self { programs, folder, as_user: root };
        let data = cluster.folder.path().join("data");
        let data = data.to_str()?;
        let init = ["-D", data, "-U", "test", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"];
        cluster.run("initdb", &init).then_some(())?;
        let options = format!("-c listen_addresses= -c fsync=off -k {}", cluster.folder.path().display());
        let log = cluster.folder.path().join("log");
        cluster
            .run("pg_ctl", &["-D", data, "-w", "-l", log.to_str()?, "-o", &options, "start"])
            .then_some(cluster)
    }

    fn run(&self, program: &str, arguments: &[&str]) -> bool {
        let program = self.programs.join(program);
        let mut command = if self.as_user {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        let quiet = command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        quiet.current_dir(self.folder.path()).status().is_ok_and(|status| status.success())
    }

    /// Runs a script in the cluster's database.
    #[allow(dead_code, reason = "not every test runs one")]
    pub(crate) fn script(&self, sql: &Path) {
        let host = self.folder.path().to_str().unwrap();
        let output = Command::new(self.programs.join("psql"))
            .args(["-q", "-v", "ON_ERROR_STOP=1", "-h", host, "-U", "test", "-d", "postgres", "-f"])
            .arg(sql)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Where a script can be put.
    #[allow(dead_code, reason = "not every test runs one")]
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The database's address.
    pub(crate) fn url(&self) -> String {
        format!("postgres://test@localhost/postgres?host={}", self.folder.path().display())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.folder.path().join("data");
        self.run("pg_ctl", &["-D", data.to_str().unwrap(), "-m", "immediate", "-w", "stop"]);
    }
}
