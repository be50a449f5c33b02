//! The shape of the source: imports point down, files stay short, text is ASCII.
//!
//! The layers are those of the map in `src/lib.rs`, which is read from there. A path counts as an import wherever it
//! stands in code (`use`, an expression, a type), from `crate::`, or from as many `super::` as lead to the crate.

use std::fs;
use std::path::{Path, PathBuf};

/// Modules beside the map, with what they may see and who may see them.
const CASE: (&str, &[&str], &[&str]) = ("case", &["units"], &["run", "sweep", "cli"]);

/// Paths that are closed to a module although its layer lies above them.
const CLOSED: [(&str, &str, &str); 2] = [
    ("output", "geometry::lattice", "writers take fields in SI and know no lattice"),
    ("output", "fluid", "writers take fields in SI and know no lattice"),
];

/// Crates that one module alone may use.
const OWNERS: [(&str, &str); 2] = [("wgpu", "backend"), ("clap", "cli")];

const LINES: usize = 400;
const SHADER_LINES: usize = 150;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// All files below `folder` with one of the extensions, sorted; none where there is no such folder.
fn files(folder: &str, extensions: &[&str]) -> Vec<PathBuf> {
    let mut open = vec![root().join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.expect("a folder that can be read").path()) {
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| extensions.iter().any(|known| e == *known)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// The layers of the map in `src/lib.rs`, the uppermost first, each with its modules.
fn map() -> Vec<Vec<String>> {
    let text = read(&root().join("src/lib.rs"));
    let line = text.lines().find(|line| line.contains("cli ->")).expect("the map in src/lib.rs");
    let word = |name: &str| name.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    line.split("->").map(|layer| layer.split(',').map(word).collect()).collect()
}

/// Whether the module `from` may see the module `to`.
fn may_see(map: &[Vec<String>], from: &str, to: &str) -> bool {
    let (case, below, above) = CASE;
    let layer = |name: &str| map.iter().position(|layer| layer.iter().any(|module| module == name));
    match (layer(from), layer(to)) {
        _ if from == to => true,
        _ if from == case => below.contains(&to),
        _ if to == case => above.contains(&from),
        (Some(from), Some(to)) => from < to,
        _ => false,
    }
}

/// The code with comments, strings and characters replaced by blanks, line by line as it was.
fn code_of(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out: Vec<char> = chars.clone();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let mut i = 0;
    while i < chars.len() {
        let hashes = (i + 1..).take_while(|&k| at(k) == '#').count();
        let end = match at(i) {
            '/' if at(i + 1) == '/' => (i..).find(|&k| matches!(at(k), '\n' | '\0')),
            '/' if at(i + 1) == '*' => (i + 2..).find(|&k| at(k) == '\0' || at(k - 1) == '*' && at(k) == '/'),
            'r' if at(i + 1 + hashes) == '"' && !(i > 0 && is_word(at(i - 1))) => {
                let closes = |&k: &usize| at(k) == '"' && (k + 1..=k + hashes).all(|h| at(h) == '#');
                (i + 2 + hashes..chars.len()).find(closes).map(|k| k + hashes)
            }
            '"' => closing(&chars, i, '"'),
            '\'' if at(i + 1) == '\\' || at(i + 2) == '\'' => closing(&chars, i, '\''),
            _ => None,
        };
        let Some(end) = end else {
            i += 1;
            continue;
        };
        let end = end.min(chars.len() - 1);
        out[i..=end].iter_mut().filter(|c| **c != '\n').for_each(|c| *c = ' ');
        i = end + 1;
    }
    out.into_iter().collect()
}

/// Where the string or character that opens at `from` ends.
fn closing(chars: &[char], from: usize, quote: char) -> Option<usize> {
    let mut i = from + 1;
    while i < chars.len() && chars[i] != quote {
        i += if chars[i] == '\\' { 2 } else { 1 };
    }
    Some(i)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Paths after `prefix::`, groups written out: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn expand(prefix: &str, rest: &str, out: &mut Vec<String>) {
    let name: String = rest.trim_start().chars().take_while(|&c| is_word(c)).collect();
    let after = &rest.trim_start()[name.len()..];
    let path = [prefix, &name].iter().filter(|s| !s.is_empty()).copied().collect::<Vec<_>>().join("::");
    if let Some(group) = after.trim_start().strip_prefix('{').filter(|_| name.is_empty()) {
        let (mut depth, mut start) = (0, 0);
        for (i, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                ',' | '}' if depth == 0 => {
                    expand(prefix, &group[start..i], out);
                    start = i + 1;
                }
                _ => {}
            }
            if c == '}' && depth == 0 && start == i + 1 {
                break;
            }
        }
    } else if let Some(rest) = after.trim_start().strip_prefix("::").filter(|_| !name.is_empty()) {
        expand(&path, rest, out);
    } else {
        out.push(path);
    }
}

/// Paths from the crate's root in a source file, each with its line.
fn imports(path: &Path, text: &str) -> Vec<(usize, String)> {
    let inside = path.strip_prefix(root().join("src")).unwrap_or(path);
    let own = usize::from(path.file_stem().is_some_and(|stem| stem != "mod"));
    let depth = inside.components().count() - 1 + own;
    let code = code_of(text);
    let mut found = Vec::new();
    for start in ["crate::".to_owned(), "super::".repeat(depth)] {
        for (at, _) in code.match_indices(&start).filter(|_| !start.is_empty()) {
            if code[..at].ends_with(|c: char| is_word(c) || c == ':') {
                continue;
            }
            let mut paths = Vec::new();
            expand("", &code[at + start.len()..], &mut paths);
            let line = code[..at].matches('\n').count() + 1;
            found.extend(paths.into_iter().map(|path| (line, path)));
        }
    }
    found
}

/// What is wrong with the imports of one file of `module`.
fn offences(map: &[Vec<String>], module: &str, path: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let known = |name: &str| name == CASE.0 || map.iter().flatten().any(|module| module == name);
    for (line, import) in imports(path, text) {
        let to = import.split("::").next().unwrap_or_default();
        if known(to) && !may_see(map, module, to) {
            found.push(format!("{}:{line}: `{module}` must not import `{import}`", shown(path)));
        }
        for (from, closed, why) in CLOSED {
            if from == module && format!("{import}::").starts_with(&format!("{closed}::")) {
                found.push(format!("{}:{line}: `{module}` must not import `{import}`: {why}", shown(path)));
            }
        }
    }
    for (line, code) in code_of(text).lines().enumerate() {
        for (name, owner) in OWNERS.iter().filter(|(_, owner)| *owner != module) {
            if code.split(|c| !is_word(c)).any(|word| word == *name) {
                let line = line + 1;
                found.push(format!("{}:{line}: `{module}` must not use {name}: `{owner}` does", shown(path)));
            }
        }
    }
    found
}

#[test]
fn imports_point_down() {
    let map = map();
    let mut found = Vec::new();
    for path in files("src", &["rs"]) {
        let inside = path.strip_prefix(root().join("src")).unwrap_or(&path);
        let module = inside.components().next().map(|c| c.as_os_str().to_string_lossy().into_owned());
        let module = module.unwrap_or_default().trim_end_matches(".rs").to_owned();
        match module.as_str() {
            "lib" | "main" => {}
            _ => found.extend(offences(&map, &module, &path, &read(&path))),
        }
    }
    assert!(found.is_empty(), "imports against the map in src/lib.rs:\n{}", found.join("\n"));
}

#[test]
fn the_map_names_every_module() {
    let map = map();
    for line in code_of(&read(&root().join("src/lib.rs"))).lines() {
        let Some(module) = line.trim().strip_prefix("pub mod ").and_then(|m| m.strip_suffix(';')) else { continue };
        let placed = module == CASE.0 || map.iter().flatten().any(|name| name == module);
        assert!(placed, "module `{module}` has no place in the map of src/lib.rs");
    }
    let main = read(&root().join("src/main.rs"));
    let code = code_of(&main);
    let uses: Vec<&str> = code.split("perfuse::").skip(1).map(|rest| &rest[..rest.len().min(5)]).collect();
    assert!(uses.iter().all(|rest| rest.starts_with("cli::")), "src/main.rs calls the command line only");
}

#[test]
fn planted_violations_are_found() {
    let map = map();
    let said = |module: &str, file: &str, text: &str| offences(&map, module, &root().join(file), text);
    let planted = [
        ("fluid", "src/fluid/link.rs", "use crate::case::Case;"),
        ("fluid", "src/fluid/link.rs", "fn f() { crate::backend::native::Native::detect(); }"),
        ("fluid", "src/fluid/mod.rs", "use super::run;"),
        ("geometry", "src/geometry/lattice/mod.rs", "use super::super::fluid::moments;"),
        ("geometry", "src/geometry/weld.rs", "use wgpu::Device;"),
        ("wall", "src/wall/load.rs", "use crate::fluid::shear;"),
        ("wall", "src/wall/load.rs", "use crate::backend::native::Native;"),
        ("geometry", "src/geometry/weld.rs", "use crate::{\n    units::Scale,\n    output::{pvd},\n};"),
        ("backend", "src/backend/native.rs", "use crate::output::pvd;"),
        ("output", "src/output/vti.rs", "use crate::geometry::{lattice::Lattice, surface::Surface};"),
        ("run", "src/run/plan.rs", "use crate::cli::Failure;"),
        ("case", "src/case/mod.rs", "use crate::geometry::surface::Surface;"),
        ("units", "src/units/mod.rs", "use crate::case::Case;"),
    ];
    for (module, file, text) in planted {
        assert_eq!(said(module, file, text).len(), 1, "{file}: {text}\n{:?}", said(module, file, text));
    }
    let second = said("fluid", "src/fluid/link.rs", "// \"crate::case\n\nuse crate::case::Case;");
    assert!(second[0].starts_with("src/fluid/link.rs:3: `fluid` must not import `case::Case`"), "{second:?}");
    let sound = [
        ("cli", "src/cli/run.rs", "use crate::case::Case; use crate::run::plan; use clap::Args;"),
        ("run", "src/run/plan.rs", "use crate::{case::Case, backend::gpu, analysis, output::pvd};"),
        ("output", "src/output/obj.rs", "use crate::geometry::surface::Surface;"),
        ("fluid", "src/fluid/link.rs", "//! [`crate::run`]\n/* crate::case */ const A: &str = \"crate::cli \\\" x\";"),
        (
            "fluid",
            "src/fluid/link.rs",
            "const A: &str = r#\"crate::cli \" x\"#; const B: char = '\"'; use super::lanes;",
        ),
        ("fluid", "src/fluid/mod.rs", "mod tests { use super::*; }"),
        ("geometry", "src/geometry/lattice/mod.rs", "use super::vessel::Closed; fn f<'a>(x: &'a str) {}"),
    ];
    for (module, file, text) in sound {
        assert_eq!(said(module, file, text), Vec::<String>::new(), "{file}: {text}");
    }
}

#[test]
fn files_are_short() {
    let mut long = Vec::new();
    let limits =
        [("src", "rs", LINES), ("tests", "rs", LINES), ("benches", "rs", LINES), ("shaders", "wgsl", SHADER_LINES)];
    for (folder, extension, limit) in limits {
        for path in files(folder, &[extension]) {
            let lines = read(&path).lines().count();
            if lines > limit {
                long.push(format!("{}: {lines} lines, at most {limit}", shown(&path)));
            }
        }
    }
    assert!(long.is_empty(), "files that hold more than one thing:\n{}", long.join("\n"));
}

#[test]
fn source_is_ascii() {
    let mut found = Vec::new();
    for folder in ["src", "tests", "benches", "shaders", "cases"] {
        for path in files(folder, &["rs", "wgsl", "toml"]) {
            for (line, text) in read(&path).lines().enumerate() {
                if let Some(c) = text.chars().find(|c| !c.is_ascii()) {
                    found.push(format!("{}:{}: {c:?}", shown(&path), line + 1));
                }
            }
        }
    }
    assert!(found.is_empty(), "source is ASCII:\n{}", found.join("\n"));
}
