//! Rust sources as the rules see them: modules, the paths they use, their functions and their texts.

use std::fs;
use std::path::Path;

/// The files of a crate.
pub(super) struct Tree {
    pub(super) files: Vec<File>,
}

/// One file of the crate.
#[derive(Default)]
pub(super) struct File {
    /// Relative to the crate's sources, with `/`.
    pub(super) name: String,
    /// Its module's path: `insights/list/sql` of `insights/list/sql.rs`, the folder of a `mod.rs`.
    pub(super) module: String,
    pub(super) lines: usize,
    /// Paths that begin with `crate`, `super` or `self`, leaf by leaf, by line.
    pub(super) uses: Vec<(usize, Vec<String>)>,
    pub(super) functions: Vec<Function>,
    /// The texts in it, by line.
    pub(super) texts: Vec<(usize, String)>,
}

/// A function with a body.
#[derive(Debug, PartialEq)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) lines: usize,
}

impl Tree {
    /// Reads every file of a folder.
    pub(super) fn read(folder: &Path) -> Self {
        let files = files(folder, "rs");
        Self { files: files.iter().map(|(name, text)| File::parse(name, text)).collect() }
    }

    /// Finds the file of a module.
    pub(super) fn file(&self, module: &str) -> Option<&File> {
        self.files.iter().find(|file| file.module == module)
    }

    /// Finds the module that a path of a file leads to: the longest beginning of it that is one.
    pub(super) fn target(&self, file: &File, path: &[String]) -> Option<&File> {
        let mut at: Vec<&str> = file.module.split('/').filter(|part| !part.is_empty()).collect();
        let mut rest = path;
        while let Some((first, others)) = rest.split_first() {
            match first.as_str() {
                "crate" => at.clear(),
                "super" => drop(at.pop()),
                "self" => {}
                _ => break,
            }
            rest = others;
        }
        for part in rest {
            at.push(part);
            if self.file(&at.join("/")).is_none() {
                at.pop();
                break;
            }
        }
        self.file(&at.join("/"))
    }
}

impl File {
    pub(super) fn parse(name: &str, text: &str) -> Self {
        let module = name.trim_end_matches(".rs").trim_end_matches("/mod");
        let (code, texts) = split(text);
        let code = without_tests(&code);
        Self {
            name: name.to_owned(),
            module: if module == "lib" { String::new() } else { module.to_owned() },
            lines: text.lines().count(),
            uses: uses(&code),
            functions: functions(&code),
            texts,
        }
    }

    pub(super) fn is_of_tests(&self) -> bool {
        self.module.ends_with("/tests")
    }
}

/// Every file of a folder with this ending: its name relative to it, and its text.
pub(super) fn files(folder: &Path, ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == ending) {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().replace('\\', "/");
                found.push((name, fs::read_to_string(path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// Parts code from what stands in its texts: comments and texts are blank in the code, so that lines stay in place.
fn split(source: &str) -> (Vec<char>, Vec<(usize, String)>) {
    let chars: Vec<char> = source.chars().collect();
    let (mut code, mut texts, mut i) = (chars.clone(), Vec::new(), 0);
    while i < chars.len() {
        let (end, text) = match literal(&chars[i..], i > 0 && is_word(chars[i - 1])) {
            Some((length, text)) => (i + length, text),
            None => {
                i += 1;
                continue;
            }
        };
        if let Some(text) = text {
            texts.push((line_of(&chars, i), text));
        }
        for c in code[i..end].iter_mut().filter(|c| **c != '\n') {
            *c = ' ';
        }
        i = end;
    }
    (code, texts)
}

/// How far a comment, a character or a text goes that begins here, and the text.
fn literal(chars: &[char], after_word: bool) -> Option<(usize, Option<String>)> {
    let begins = |text: &str| chars.iter().take(text.len()).copied().eq(text.chars());
    let find = |from: usize, end: &str| {
        let end: Vec<char> = end.chars().collect();
        let at = chars[from..].windows(end.len()).position(|window| window == end);
        at.map_or(chars.len(), |at| from + at + end.len())
    };
    if begins("//") {
        return Some((find(2, "\n") - 1, None));
    }
    if begins("/*") {
        return Some((find(2, "*/"), None));
    }
    if begins("'\\") {
        return Some((find(3, "'"), None));
    }
    if begins("'") && chars.get(2) == Some(&'\'') {
        return Some((3, None));
    }
    if begins("\"") {
        let mut end = 1;
        while end < chars.len() && chars[end] != '"' {
            end += if chars[end] == '\\' { 2 } else { 1 };
        }
        let end = (end + 1).min(chars.len());
        return Some((end, Some(chars[1..end - 1].iter().collect())));
    }
    let hashes = chars.iter().skip(1).take_while(|c| **c == '#').count();
    if begins("r") && !after_word && chars.get(1 + hashes) == Some(&'"') {
        let end = find(2 + hashes, &format!("\"{}", "#".repeat(hashes)));
        return Some((end, Some(chars[2 + hashes..end - 1 - hashes].iter().collect())));
    }
    None
}

/// Blanks the modules that are there for tests alone.
fn without_tests(code: &[char]) -> Vec<char> {
    let mut code = code.to_vec();
    for at in words(&code, "cfg") {
        let rest: String = code[at..code.len().min(at + 9)].iter().collect();
        if rest != "cfg(test)" {
            continue;
        }
        let end = body(&code, at + 9).map_or(at, |(_, end)| end);
        for c in code[at..end].iter_mut().filter(|c| **c != '\n') {
            *c = ' ';
        }
    }
    code
}

/// The paths in a file that begin with `crate`, `super` or `self`.
fn uses(code: &[char]) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    for root in ["crate", "super", "self"] {
        for at in words(code, root) {
            // `super::super` is one path
            let is_within = at >= 2 && code[at - 2..at] == [':', ':'];
            let is_path = code[at + root.len()..].starts_with(&[':', ':']);
            if is_path && !is_within {
                let mut leaves = Vec::new();
                leaves_of(code, at, &[], &mut leaves);
                found.extend(leaves.into_iter().map(|leaf| (line_of(code, at), leaf)));
            }
        }
    }
    found.sort();
    found
}

/// Collects the leaves of a path, `a::{b, c::d}` being `a::b` and `a::c::d`. Returns where it ends.
fn leaves_of(code: &[char], from: usize, before: &[String], leaves: &mut Vec<Vec<String>>) -> usize {
    let (mut path, mut at) = (before.to_vec(), skip_blank(code, from));
    loop {
        if code.get(at) == Some(&'{') {
            at += 1;
            loop {
                at = skip_blank(code, leaves_of(code, at, &path, leaves));
                match code.get(at) {
                    Some(',') => at = skip_blank(code, at + 1),
                    _ => return at + 1,
                }
                if code.get(at) == Some(&'}') {
                    return at + 1;
                }
            }
        }
        let word: String = code[at..].iter().take_while(|c| is_word(**c)).collect();
        at += word.len();
        if !word.is_empty() {
            path.push(word);
        }
        if !code[at..].starts_with(&[':', ':']) {
            leaves.push(path);
            // a name of its own, `as x`
            return code[at..].iter().position(|c| ",};(".contains(*c)).map_or(code.len(), |end| at + end);
        }
        at += 2;
    }
}

/// The functions of a file that have a body.
fn functions(code: &[char]) -> Vec<Function> {
    let mut found = Vec::new();
    for at in words(code, "fn") {
        let name: String = code[skip_blank(code, at + 2)..].iter().take_while(|c| is_word(**c)).collect();
        if let Some((_, end)) = body(code, at).filter(|_| !name.is_empty()) {
            let line = line_of(code, at);
            found.push(Function { name, line, lines: line_of(code, end - 1) - line + 1 });
        }
    }
    found
}

/// Where the braces open and close that come next, unless a semicolon comes before.
fn body(code: &[char], from: usize) -> Option<(usize, usize)> {
    let (mut depth, mut begin, mut nested) = (0, None, 0);
    for (i, c) in code.iter().enumerate().skip(from) {
        match c {
            '(' | '[' => nested += 1,
            ')' | ']' => nested -= 1,
            ';' if begin.is_none() && nested <= 0 => return None,
            '{' => {
                begin.get_or_insert(i);
                depth += 1;
            }
            '}' => {
                depth -= 1;
                if depth == 0 {
                    return begin.map(|begin| (begin, i + 1));
                }
            }
            _ => {}
        }
    }
    None
}

/// Where a word stands by itself.
fn words(code: &[char], word: &str) -> Vec<usize> {
    let length = word.chars().count();
    let is_there = |at: usize| {
        code[at..at + length].iter().copied().eq(word.chars())
            && (at == 0 || !is_word(code[at - 1]))
            && code.get(at + length).is_none_or(|c| !is_word(*c))
    };
    (0..(code.len() + 1).saturating_sub(length)).filter(|at| is_there(*at)).collect()
}

fn skip_blank(code: &[char], from: usize) -> usize {
    code[from.min(code.len())..].iter().position(|c| !c.is_whitespace()).map_or(code.len(), |at| from + at)
}

fn line_of(code: &[char], at: usize) -> usize {
    1 + code[..at].iter().filter(|c| **c == '\n').count()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[test]
fn comments_and_texts_are_no_code() {
    let (code, texts) =
        split("a // crate::x\nb('\"', '\\'', &'a str) \"crate::y \\\" z\"\nr#\"q\"#; /* fn */ c");
    let code: String = code.iter().collect();
    assert_eq!(code.split_whitespace().collect::<Vec<_>>().join(" "), "a b( , , &'a str) ; c");
    assert_eq!(texts, [(2, "crate::y \\\" z".to_owned()), (3, "q".to_owned())]);
}

#[test]
fn paths_are_found_leaf_by_leaf() {
    let file = File::parse(
        "insights/list.rs",
        "use crate::{db::{self, Sql as Text}, wire::*};\nuse super::super::ids::Id;\nfn f() { crate::jobs::run(x); }\n#[cfg(test)]\nmod tests { use crate::cli; }",
    );
    let paths: Vec<_> = file.uses.iter().map(|(line, path)| (*line, path.join("::"))).collect();
    let expected = [
        (1, "crate::db::Sql"),
        (1, "crate::db::self"),
        (1, "crate::wire"),
        (2, "super::super::ids::Id"),
        (3, "crate::jobs::run"),
    ];
    assert_eq!(paths, expected.map(|(line, path)| (line, path.to_owned())));
}

#[test]
fn functions_are_as_long_as_from_name_to_brace() {
    let file = File::parse(
        "a.rs",
        "trait T { fn no(&self); }\nfn a(x: [u8; 3])\nwhere\n{\n  if b { }\n}\nfn c() {}\n",
    );
    let expected = [("a", 2, 5), ("c", 7, 1)];
    assert_eq!(
        file.functions,
        expected.map(|(name, line, lines)| Function { name: name.to_owned(), line, lines })
    );
}
