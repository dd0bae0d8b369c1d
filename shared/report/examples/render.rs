//! Writes sample reports to look at: `cargo run -p carry-report --example render -- FOLDER`.

#![allow(clippy::print_stdout, reason = "an example speaks to its user")]

use std::fs;
use std::path::PathBuf;

use carry_report::Files;

#[path = "../tests/sample/mod.rs"]
mod sample;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = PathBuf::from(std::env::args().nth(1).ok_or("name a folder to write to")?);
    let samples = [
        ("clean", sample::clean()),
        ("realistic", sample::realistic(false)),
        ("different", sample::realistic(true)),
        ("hostile", sample::hostile()),
    ];
    for (name, (run, rows)) in samples {
        let folder = root.join(name);
        fs::create_dir_all(&folder)?;
        let files = Files::write(&run, &rows, |file| fs::File::create(folder.join(file)))?;
        println!("{}: {}", folder.join(carry_report::HTML_FILE).display(), files.verdict.sentence);
    }
    Ok(())
}
