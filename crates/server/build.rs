//! Lists the files of pages that the binary has in it: the built dashboard, without which it is built all the same, and the
//! reference.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs, io};

/// The files by the paths under which they are served, and where they lie.
type Files = BTreeMap<String, String>;

fn main() -> io::Result<()> {
    let variable = |name| env::var(name).map_err(io::Error::other);
    let root = variable("CARGO_MANIFEST_DIR")?;
    println!("cargo::rerun-if-changed=build.rs");
    let mut files = Files::new();
    for (name, path) in [("dashboard", "/app"), ("reference", "/reference")] {
        let folder = Path::new(&root).join(name);
        // a folder that is named and not there would have Cargo build anew each time
        if folder.exists() {
            println!("cargo::rerun-if-changed={name}");
            list(&folder, path, &mut files)?;
        }
    }
    let mut text = String::from("[\n");
    for (path, file) in &files {
        if files.contains_key(&format!("{path}.br")) {
            continue;
        }
        let (path, is_packed) = path.strip_suffix(".br").map_or((&**path, false), |path| (path, true));
        text += &format!("    ({path:?}, {is_packed}, include_bytes!({file:?})),\n");
    }
    fs::write(Path::new(&variable("OUT_DIR")?).join("files.rs"), text + "]\n")
}

/// Adds the files of a folder, and of those in it, with paths that begin with this one.
fn list(folder: &Path, path: &str, files: &mut Files) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let file = entry?.path();
        let path = format!("{path}/{}", file.file_name().unwrap_or_default().display());
        if file.is_dir() {
            list(&file, &path, files)?;
        } else {
            files.insert(path, file.display().to_string());
        }
    }
    Ok(())
}
