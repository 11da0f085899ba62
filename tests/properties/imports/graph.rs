//! Import graph: paths resolved to the modules that declare their targets.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Module, Segments};

/// An import between two files.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Import {
    /// The importing module.
    pub(super) from: Segments,
    pub(super) from_file: String,
    /// The module that declares the imported item.
    pub(super) to: Segments,
    pub(super) to_file: String,
    /// The path as written.
    pub(super) path: String,
}

/// A package's modules by path.
pub(super) struct Graph<'a> {
    modules: BTreeMap<Segments, &'a Module>,
    /// Name of the library; those of the crates in its directories begin with it.
    name: &'a str,
    /// Modules that are the root of a crate.
    crates: &'a [&'a str],
}

/// Target of a path.
enum Target<'a> {
    Module(&'a Module),
    /// An item declared by a module.
    Item(&'a Module),
}

/// Maximum number of followed re-exports.
const MAX_HOPS: usize = 32;

impl<'a> Graph<'a> {
    pub(super) fn new(modules: &'a [Module], name: &'a str, crates: &'a [&'a str]) -> Self {
        let by_path = modules.iter().map(|module| (module.path.clone(), module));
        Self {
            modules: by_path.collect(),
            name,
            crates,
        }
    }

    /// Returns all imports between different files.
    pub(super) fn imports(&self) -> BTreeSet<Import> {
        let mut imports = BTreeSet::new();
        for module in self.modules.values() {
            for used in &module.uses {
                let Some(Target::Item(target)) = self.resolve(module, &used.path, 0) else {
                    // Paths and names that begin with an imported module name the items used from
                    // it.
                    continue;
                };
                if !(used.is_export && target.path.starts_with(&module.path)) {
                    add(&mut imports, module, target, &used.path);
                }
            }
            for path in &module.paths {
                if let Some(Target::Item(target)) = self.resolve(module, path, 0) {
                    add(&mut imports, module, target, path);
                }
            }
            for glob in module
                .uses
                .iter()
                .filter(|used| used.is_glob && !used.is_export)
            {
                let Some(Target::Module(source)) = self.resolve(module, &glob.path, 0) else {
                    continue;
                };
                for word in module.words.iter().filter(|word| !module.declares(word)) {
                    if source.declares(word)
                        && let Some(Target::Item(target)) =
                            self.descend(source, std::slice::from_ref(word), 0)
                    {
                        let path = [&glob.path[..], std::slice::from_ref(word)].concat();
                        add(&mut imports, module, target, &path);
                    }
                }
            }
        }
        imports
    }

    /// Resolves a path in a module; `None` if it leaves the crate or has no target.
    fn resolve(&self, module: &'a Module, path: &[String], hops: usize) -> Option<Target<'a>> {
        if hops > MAX_HOPS {
            return None;
        }
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => self.descend(self.module(self.crate_root(module))?, rest, hops),
            "self" => self.descend(module, rest, hops),
            "super" => {
                let (_, parent) = module.path.split_last()?;
                let parent = self.module(parent)?;
                match rest.first() {
                    Some(next) if next == "super" => self.resolve(parent, rest, hops),
                    _ => self.descend(parent, rest, hops),
                }
            }
            _ if module.declares(first) => self.descend(module, path, hops),
            name if name == self.name => self.descend(self.module(&[])?, rest, hops),
            name => {
                let name = name.strip_prefix(self.name)?.strip_prefix('_')?;
                self.descend(self.module(&[name.to_owned()])?, rest, hops)
            }
        }
    }

    /// Resolves a path relative to a module.
    fn descend(&self, module: &'a Module, path: &[String], hops: usize) -> Option<Target<'a>> {
        let Some((first, rest)) = path.split_first() else {
            return Some(Target::Module(module));
        };
        if module.children.contains(first) {
            let child = [&module.path[..], std::slice::from_ref(first)].concat();
            // Test-only modules are not part of the graph.
            return self.descend(self.module(&child)?, rest, hops);
        }
        if let Some(alias) = module.aliases.get(first) {
            // `use name;` is not an alias.
            if alias.first() == Some(first) {
                return None;
            }
            return match self.resolve(module, alias, hops + 1) {
                Some(Target::Module(named)) => self.descend(named, rest, hops + 1),
                other => other,
            };
        }
        if module.items.contains(first) {
            return Some(Target::Item(module));
        }
        for glob in &module.globs {
            if let Some(Target::Module(source)) = self.resolve(module, glob, hops + 1)
                && source.declares(first)
                && !std::ptr::eq(source, module)
            {
                return self.descend(source, path, hops + 1);
            }
        }
        // Declared by a macro.
        Some(Target::Item(module))
    }

    /// Returns the path of the root of a module's crate.
    fn crate_root<'b>(&self, module: &'b Module) -> &'b [String] {
        match module.path.first() {
            Some(first) if self.crates.contains(&first.as_str()) => &module.path[..1],
            _ => &[],
        }
    }

    fn module(&self, path: &[String]) -> Option<&'a Module> {
        self.modules.get(path).copied()
    }
}

impl Module {
    /// True if the module declares or imports a name.
    fn declares(&self, name: &str) -> bool {
        self.children.contains(name) || self.aliases.contains_key(name) || self.items.contains(name)
    }
}

fn add(imports: &mut BTreeSet<Import>, from: &Module, to: &Module, path: &[String]) {
    if from.file != to.file {
        imports.insert(Import {
            from: from.path.clone(),
            from_file: from.file.clone(),
            to: to.path.clone(),
            to_file: to.file.clone(),
            path: path.join("::"),
        });
    }
}
