//! Lists the files of the built dashboard, which the binary has in it. Without any the binary is built all the same.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs, io};

/// The files by their names behind `/app/`, and where they lie.
type Files = BTreeMap<String, String>;

fn main() -> io::Result<()> {
    let variable = |name| env::var(name).map_err(io::Error::other);
    let folder = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("dashboard");
    println!("cargo::rerun-if-changed=build.rs");
    let mut files = Files::new();
    // a folder that is named and not there would have Cargo build anew each time
    if folder.exists() {
        println!("cargo::rerun-if-changed=dashboard");
        list(&folder, "", &mut files)?;
    }
    let mut text = String::from("[\n");
    for (name, path) in &files {
        if files.contains_key(&format!("{name}.br")) {
            continue;
        }
        let (name, is_packed) = name.strip_suffix(".br").map_or((&**name, false), |name| (name, true));
        text += &format!("    ({name:?}, {is_packed}, include_bytes!({path:?})),\n");
    }
    fs::write(Path::new(&variable("OUT_DIR")?).join("dashboard.rs"), text + "]\n")
}

/// Adds the files of a folder, and of those in it, under names that begin with `before`.
fn list(folder: &Path, before: &str, files: &mut Files) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = format!("{before}{}", path.file_name().unwrap_or_default().display());
        if path.is_dir() {
            list(&path, &format!("{name}/"), files)?;
        } else {
            files.insert(name, path.display().to_string());
        }
    }
    Ok(())
}
