//! Layers of vtask and the imports allowed between them.

use super::{graph::Import, source::Segments};

/// A layer: some modules with all their submodules.
struct Layer {
    name: &'static str,
    /// Paths of modules; a longer path takes its module out of another layer.
    modules: &'static [&'static str],
    /// The layers directly below. The layers below those may be imported as well.
    below: &'static [&'static str],
}

const LAYERS: [Layer; 18] = [
    layer("text", &["text", "shell_command"], &[]),
    layer("files", &["files"], &[]),
    layer("connection state", &["recording::connection_state"], &[]),
    layer(
        "recording",
        &["recording"],
        &["connection state", "files", "text"],
    ),
    layer("metrics", &["metrics"], &["text"]),
    layer("vim::types", &["vim::types"], &["metrics"]),
    layer("vim", &["vim"], &["vim::types"]),
    layer("task", &["task"], &["vim::types"]),
    layer("report", &["report"], &["task"]),
    // The channel types of the watcher, the only part of it that the screen may import.
    layer(
        "watch messages",
        &["watch::command", "watch::update"],
        &["connection state", "task"],
    ),
    layer(
        "recorded updates",
        &["watch::recording_codec"],
        &["watch messages", "recording"],
    ),
    layer("replay", &["replay"], &["recorded updates"]),
    layer("watch", &["watch"], &["recorded updates", "vim"]),
    layer("app", &["app"], &["watch messages", "files"]),
    layer("ui", &["ui"], &["app"]),
    layer("tui", &["tui"], &["ui", "replay"]),
    layer("simulator", &["simulator"], &["recording"]),
    layer(
        "command",
        &["cli", "command", "config", "main"],
        &["tui", "watch", "simulator", "report"],
    ),
];

const fn layer(
    name: &'static str,
    modules: &'static [&'static str],
    below: &'static [&'static str],
) -> Layer {
    Layer {
        name,
        modules,
        below,
    }
}

impl Layer {
    /// True if this layer may import from another.
    fn may_import(&self, other: &str) -> bool {
        self.name == other
            || self.below.iter().any(|below| {
                LAYERS
                    .iter()
                    .any(|layer| layer.name == *below && layer.may_import(other))
            })
    }
}

/// Returns the layer of a module, if it has one.
fn layer_of(module: &[String]) -> Option<&'static Layer> {
    let of_layer = |layer: &'static Layer| {
        let lengths = layer.modules.iter().filter_map(|path| {
            let path: Vec<&str> = path.split("::").collect();
            let is_in = module.len() >= path.len() && path.iter().zip(module).all(|(a, b)| a == b);
            is_in.then_some(path.len())
        });
        Some((lengths.max()?, layer))
    };
    let found = LAYERS.iter().filter_map(of_layer);
    found
        .max_by_key(|(length, _)| *length)
        .map(|(_, layer)| layer)
}

/// Returns true if a module is in a layer. The crate's root is in none: it only declares the
/// others.
pub(super) fn has_layer(module: &Segments) -> bool {
    module.is_empty() || layer_of(module).is_some()
}

/// Returns the names of the two layers of an import that goes up, or across to a layer that must
/// not be imported.
pub(super) fn violated(import: &Import) -> Option<(&'static str, &'static str)> {
    let (from, to) = (layer_of(&import.from)?, layer_of(&import.to)?);
    (!from.may_import(to.name)).then_some((from.name, to.name))
}
