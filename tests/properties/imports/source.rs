//! Parser for the modules of a crate: files, declared names and used paths.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Segments of a path.
pub(super) type Segments = Vec<String>;

/// A module, in a file of its own or inline.
#[derive(Debug, Default)]
pub(super) struct Module {
    /// Path from the crate's root.
    pub(super) path: Segments,
    /// File, relative to the source directory.
    pub(super) file: String,
    /// Names of its submodules.
    pub(super) children: BTreeSet<String>,
    /// Declared items.
    pub(super) items: BTreeSet<String>,
    /// Imported names with the paths that they refer to.
    pub(super) aliases: BTreeMap<String, Segments>,
    /// Paths imported with `use …::*`.
    pub(super) globs: Vec<Segments>,
    /// Paths of `use` declarations.
    pub(super) uses: Vec<Use>,
    /// All other paths of at least two segments.
    pub(super) paths: BTreeSet<Segments>,
    /// All names that occur.
    pub(super) words: BTreeSet<String>,
}

/// A path of a `use` declaration.
#[derive(Debug)]
pub(super) struct Use {
    pub(super) path: Segments,
    /// True if it has a visibility, as re-exports have.
    pub(super) is_export: bool,
    pub(super) is_glob: bool,
}

/// Reads a package's modules from the root file of its library and from those of its binaries and of the crates in its
/// directories, each as a module of that name. `read` returns the text of a file, if it exists.
pub(super) fn modules(
    root: &str,
    programs: &[&str],
    crates: &[&str],
    read: &dyn Fn(&str) -> Option<String>,
) -> Vec<Module> {
    let mut reader = Reader {
        read,
        modules: Vec::new(),
    };
    reader.file(Vec::new(), root.to_owned());
    for program in programs {
        reader.file(vec![(*program).to_owned()], format!("{program}.rs"));
    }
    for name in crates {
        reader.modules[0].children.insert((*name).to_owned());
        reader.file(vec![(*name).to_owned()], format!("{name}/lib.rs"));
    }
    reader.modules
}

struct Reader<'a> {
    read: &'a dyn Fn(&str) -> Option<String>,
    modules: Vec<Module>,
}

impl Reader<'_> {
    fn file(&mut self, path: Segments, file: String) {
        let text = (self.read)(&file).unwrap_or_else(|| panic!("{file} cannot be read"));
        let tokens: TokenStream = text
            .parse()
            .unwrap_or_else(|error| panic!("{file} is not Rust: {error}"));
        self.module(path, file, tokens);
    }

    fn module(&mut self, path: Segments, file: String, tokens: TokenStream) {
        let index = self.modules.len();
        self.modules.push(Module {
            path,
            file,
            ..Module::default()
        });
        self.tokens(index, tokens, true);
    }

    /// Parses the tokens of a module or of a part of it.
    fn tokens(&mut self, index: usize, tokens: TokenStream, is_module: bool) {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        let mut is_export = false;
        while at < trees.len() {
            if let Some(attribute) = attribute(&trees[at..]) {
                if is_for_tests(&attribute) {
                    at = after_item(&trees, at);
                } else {
                    self.tokens(index, attribute, false);
                    at += 2;
                }
                continue;
            }
            match (word(&trees[at]).as_deref(), trees.get(at + 1)) {
                (Some("pub"), next) => {
                    is_export = true;
                    let is_restricted = next.is_some_and(|next| has(next, Delimiter::Parenthesis));
                    at += 1 + usize::from(is_restricted);
                    continue;
                }
                (Some("mod"), Some(name)) if word(name).is_some() => {
                    let name = word(name).unwrap_or_default();
                    self.child(index, &name, trees.get(at + 2));
                    at += 3;
                }
                (Some("use"), _) => {
                    let end = trees[at..].iter().position(|tree| is_sign(tree, ';'));
                    let end = end.map_or(trees.len(), |end| at + end);
                    self.uses(index, Vec::new(), &trees[at + 1..end], is_export);
                    at = end + 1;
                }
                (Some(word), _) => {
                    if is_module {
                        self.declaration(index, word, &trees[at + 1..]);
                    }
                    let is_method = at > 0 && is_sign(&trees[at - 1], '.');
                    let path = path(&trees[at..]);
                    at += 3 * path.len() - 2;
                    let module = &mut self.modules[index];
                    module.words.extend(path.iter().cloned());
                    if path.len() > 1 && !is_method {
                        module.paths.insert(path);
                    }
                }
                (None, _) => {
                    if let TokenTree::Group(group) = &trees[at] {
                        self.tokens(index, group.stream(), false);
                    }
                    at += 1;
                }
            }
            is_export = false;
        }
    }

    /// Parses a submodule from its own file or inline.
    fn child(&mut self, index: usize, name: &str, body: Option<&TokenTree>) {
        let parent = &mut self.modules[index];
        parent.children.insert(name.to_owned());
        let mut path = parent.path.clone();
        path.push(name.to_owned());
        if let Some(TokenTree::Group(body)) = body {
            let file = parent.file.clone();
            return self.module(path, file, body.stream());
        }
        let module_path = path.join("/");
        let files = [format!("{module_path}.rs"), format!("{module_path}/mod.rs")];
        let file = files.iter().find(|file| (self.read)(file).is_some());
        let file = file.unwrap_or_else(|| panic!("no file of the module {module_path}"));
        self.file(path, file.clone());
    }

    /// Parses a `use` tree or a part of one.
    fn uses(&mut self, index: usize, mut prefix: Segments, trees: &[TokenTree], is_export: bool) {
        let mut renamed = None;
        for (at, tree) in trees.iter().enumerate() {
            match (tree, word(tree)) {
                (_, Some(word)) if word == "as" => {
                    renamed = trees.get(at + 1).and_then(self::word);
                    break;
                }
                (_, Some(word)) => prefix.push(word),
                (TokenTree::Group(group), _) => {
                    let trees: Vec<TokenTree> = group.stream().into_iter().collect();
                    for branch in trees.split(|tree| is_sign(tree, ',')) {
                        if !branch.is_empty() {
                            self.uses(index, prefix.clone(), branch, is_export);
                        }
                    }
                    return;
                }
                (tree, _) if is_sign(tree, '*') => {
                    let module = &mut self.modules[index];
                    module.globs.push(prefix.clone());
                    module.uses.push(Use {
                        path: prefix,
                        is_export,
                        is_glob: true,
                    });
                    return;
                }
                _ => {}
            }
        }
        // `use a::b::{self, …}` imports `b`.
        if prefix.len() > 1 && prefix.last().is_some_and(|last| last == "self") {
            prefix.pop();
        }
        let Some(name) = renamed.or_else(|| prefix.last().cloned()) else {
            return;
        };
        let module = &mut self.modules[index];
        module.aliases.insert(name, prefix.clone());
        module.uses.push(Use {
            path: prefix,
            is_export,
            is_glob: false,
        });
    }

    /// Records the name of a declared item.
    fn declaration(&mut self, index: usize, keyword: &str, after: &[TokenTree]) {
        const KEYWORDS: [&str; 8] = [
            "struct", "enum", "union", "trait", "fn", "type", "const", "static",
        ];
        let name = match keyword {
            "macro_rules" => after.get(1),
            keyword if KEYWORDS.contains(&keyword) => after.first(),
            _ => None,
        };
        self.modules[index].items.extend(name.and_then(word));
    }
}

/// Parses the path at the beginning of the tokens; a single name is a path of one segment.
fn path(trees: &[TokenTree]) -> Segments {
    let mut path: Segments = trees.first().and_then(word).into_iter().collect();
    let mut rest = trees.get(1..).unwrap_or_default();
    while let [first, second, name, more @ ..] = rest
        && is_sign(first, ':')
        && is_sign(second, ':')
        && let Some(name) = word(name)
    {
        path.push(name);
        rest = more;
    }
    path
}

/// Returns the tokens of the attribute at the beginning.
fn attribute(trees: &[TokenTree]) -> Option<TokenStream> {
    match trees {
        [sign, TokenTree::Group(group), ..]
            if is_sign(sign, '#') && group.delimiter() == Delimiter::Bracket =>
        {
            Some(group.stream())
        }
        _ => None,
    }
}

/// Returns true if an attribute excludes its item from a build without tests.
fn is_for_tests(attribute: &TokenStream) -> bool {
    let trees: Vec<TokenTree> = attribute.clone().into_iter().collect();
    match trees.as_slice() {
        [name, TokenTree::Group(condition)] if word(name).as_deref() == Some("cfg") => {
            holds(&condition.stream().into_iter().collect::<Vec<_>>()) == Some(false)
        }
        [name] => word(name).as_deref() == Some("test"),
        _ => false,
    }
}

/// Evaluates a `cfg` condition without `test`; `None` if the result depends on other options.
fn holds(condition: &[TokenTree]) -> Option<bool> {
    let name = condition.first().and_then(word).unwrap_or_default();
    let Some(TokenTree::Group(group)) = condition.get(1) else {
        return (name == "test" && condition.len() == 1).then_some(false);
    };
    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
    let mut each = inner
        .split(|tree| is_sign(tree, ','))
        .filter(|condition| !condition.is_empty())
        .map(holds);
    match name.as_str() {
        "not" => each.next().flatten().map(|holds| !holds),
        "all" if each.any(|holds| holds == Some(false)) => Some(false),
        "any" if each.all(|holds| holds == Some(false)) => Some(false),
        _ => None,
    }
}

/// Returns the position after an item that begins with an attribute at `at`.
fn after_item(trees: &[TokenTree], mut at: usize) -> usize {
    while attribute(&trees[at..]).is_some() {
        at += 2;
    }
    let mut ends_with_body = false;
    let mut is_statement = false;
    for (index, tree) in trees.iter().enumerate().skip(at) {
        match word(tree).as_deref() {
            Some("fn" | "struct" | "enum" | "union" | "impl" | "trait" | "mod") => {
                ends_with_body = true;
            }
            Some("use" | "static" | "type" | "let") => is_statement = true,
            _ => {}
        }
        let is_end = is_sign(tree, ';')
            || (is_sign(tree, ',') && !ends_with_body && !is_statement)
            || (has(tree, Delimiter::Brace) && !is_statement);
        if is_end {
            return index + 1;
        }
    }
    trees.len()
}

fn word(tree: &TokenTree) -> Option<String> {
    match tree {
        TokenTree::Ident(word) => Some(word.to_string()),
        _ => None,
    }
}

fn is_sign(tree: &TokenTree, sign: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == sign)
}

fn has(tree: &TokenTree, delimiter: Delimiter) -> bool {
    matches!(tree, TokenTree::Group(group) if group.delimiter() == delimiter)
}
