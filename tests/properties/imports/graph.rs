//! Which file imports what from which: paths resolved to the module that declares what they name.
//!
//! A path through a re-export leads to the file that declares the item, not to the one that passes it on, and a module
//! that re-exports what lies beneath it does not import it: a façade by itself makes no cycle.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Module, Segments};

/// One file imports from another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Import {
    /// The module that imports.
    pub(super) from: Segments,
    pub(super) from_file: String,
    /// The module that declares what is imported.
    pub(super) to: Segments,
    pub(super) to_file: String,
    /// The path as it is written.
    pub(super) path: String,
}

/// A crate's modules by their paths.
pub(super) struct Graph<'a> {
    modules: BTreeMap<Segments, &'a Module>,
    /// What programs of the same package call the crate.
    name: &'a str,
}

/// What a path leads to.
enum Target<'a> {
    Module(&'a Module),
    /// Something that a module declares.
    Item(&'a Module),
}

/// No chain of re-exports is followed further.
const MAX_HOPS: usize = 32;

impl<'a> Graph<'a> {
    pub(super) fn new(modules: &'a [Module], name: &'a str) -> Self {
        let by_path = modules.iter().map(|module| (module.path.clone(), module));
        Self {
            modules: by_path.collect(),
            name,
        }
    }

    /// Returns all imports between different files.
    pub(super) fn imports(&self) -> BTreeSet<Import> {
        let mut imports = BTreeSet::new();
        for module in self.modules.values() {
            for used in &module.uses {
                let Some(Target::Item(target)) = self.resolve(module, &used.path, 0) else {
                    // The paths and names that begin at an imported module say what is used of it.
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

    /// Follows a path as it is written in a module; `None` where it leads out of the crate or nowhere.
    fn resolve(&self, module: &'a Module, path: &[String], hops: usize) -> Option<Target<'a>> {
        if hops > MAX_HOPS {
            return None;
        }
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => self.descend(self.module(&[])?, rest, hops),
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
            _ => None,
        }
    }

    /// Follows a path from within a module.
    fn descend(&self, module: &'a Module, path: &[String], hops: usize) -> Option<Target<'a>> {
        let Some((first, rest)) = path.split_first() else {
            return Some(Target::Module(module));
        };
        if module.children.contains(first) {
            let child = [&module.path[..], std::slice::from_ref(first)].concat();
            // A child that is there for tests only is not.
            return self.descend(self.module(&child)?, rest, hops);
        }
        if let Some(alias) = module.aliases.get(first) {
            // `use name;` stands for nothing but itself.
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
        // What a macro declares.
        Some(Target::Item(module))
    }

    fn module(&self, path: &[String]) -> Option<&'a Module> {
        self.modules.get(path).copied()
    }
}

impl Module {
    /// Whether a name means something in the module by itself.
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
