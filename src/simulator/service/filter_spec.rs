//! `PropertyFilterSpec`: the objects and properties that a filter selects.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::fields::Fields;
use super::object_source::ObjectSource;
use super::schema::{self, is_a};
use crate::method_fault::MethodFault;
use crate::value::MoRef;

/// A `PropertySpec`: properties of one type.
#[derive(Clone, Debug)]
struct PropertySpec {
    kind: String,
    all: bool,
    paths: Vec<String>,
}

/// An `ObjectSpec`: a start object and its traversals.
#[derive(Clone, Debug)]
struct ObjectSpec {
    object: MoRef,
    skip: bool,
    selections: Vec<Selection>,
}

/// An entry of `selectSet`.
#[derive(Clone, Debug)]
enum Selection {
    Traversal {
        kind: String,
        path: String,
        skip: bool,
        selections: Vec<Selection>,
    },
    Named(String),
}

#[derive(Clone, Debug)]
pub(super) struct FilterSpec {
    properties: Vec<PropertySpec>,
    objects: Vec<ObjectSpec>,
    named: HashMap<String, Selection>,
    /// True if missing objects are reported instead of failing the call.
    pub report_missing: bool,
}

/// Result of a selection.
#[derive(Debug, Default)]
pub(super) struct SelectedObjects {
    /// Existing objects, each once, in the order of the traversal.
    pub objects: Vec<MoRef>,
    /// Objects of `objectSet` that do not exist.
    pub missing: Vec<MoRef>,
}

impl FilterSpec {
    pub(super) fn read(mut fields: Fields) -> Result<Self, MethodFault> {
        let mut named = HashMap::new();
        let properties = fields
            .objects("propSet", "PropertySpec")?
            .into_iter()
            .map(PropertySpec::read)
            .collect::<Result<Vec<_>, _>>()?;
        let objects = fields
            .objects("objectSet", "ObjectSpec")?
            .into_iter()
            .map(|object| ObjectSpec::read(object, &mut named))
            .collect::<Result<Vec<_>, _>>()?;
        let report_missing = fields
            .optional_boolean("reportMissingObjectsInResults")?
            .unwrap_or(false);
        fields.done()?;
        if properties.is_empty() {
            return Err(MethodFault::invalid_argument(
                "spec.propSet",
                "It must not be empty.",
            ));
        }
        if objects.is_empty() {
            return Err(MethodFault::invalid_argument(
                "spec.objectSet",
                "It must not be empty.",
            ));
        }
        Ok(Self {
            properties,
            objects,
            named,
            report_missing,
        })
    }

    /// Returns the property paths of the type `kind` that any of the specifications selects; `None` if objects of this
    /// type are not reported.
    pub(super) fn paths<'a>(
        specs: impl IntoIterator<Item = &'a Self>,
        kind: &str,
    ) -> Option<Vec<String>> {
        let mut paths: Vec<String> = Vec::new();
        let mut is_set = false;
        let properties = specs.into_iter().flat_map(|spec| &spec.properties);
        for spec in properties.filter(|spec| is_a(kind, &spec.kind)) {
            is_set = true;
            let all = schema::properties(kind).map(|field| field.name.to_owned());
            let selected: Box<dyn Iterator<Item = String>> = if spec.all {
                Box::new(all)
            } else {
                Box::new(spec.paths.iter().cloned())
            };
            for path in selected {
                if !paths.contains(&path) {
                    paths.push(path);
                }
            }
        }
        is_set.then_some(paths)
    }

    /// Returns the start objects.
    pub(super) fn starts(&self) -> impl Iterator<Item = &MoRef> {
        self.objects.iter().map(|spec| &spec.object)
    }

    /// True if the object is in `objectSet`.
    pub(super) fn names(&self, object: &MoRef) -> bool {
        self.starts().any(|start| start == object)
    }

    /// Returns the objects that the filter selects now. Fails if an object of `objectSet` does not exist, unless
    /// missing objects are reported.
    pub(super) fn select(
        &self,
        objects: &dyn ObjectSource,
    ) -> Result<SelectedObjects, MethodFault> {
        let mut walk = Walk {
            spec: self,
            source: objects,
            seen: HashSet::new(),
            visited: HashSet::new(),
            selected: SelectedObjects::default(),
        };
        for spec in &self.objects {
            if objects.exists(&spec.object) {
                walk.visit(&spec.object, spec.skip, &spec.selections)?;
            } else if self.report_missing {
                walk.selected.missing.push(spec.object.clone());
            } else {
                return Err(MethodFault::object_not_found(&spec.object));
            }
        }
        Ok(walk.selected)
    }
}

impl PropertySpec {
    fn read(mut fields: Fields) -> Result<Self, MethodFault> {
        let kind = fields.string("type")?;
        let all = fields.optional_boolean("all")?.unwrap_or(false);
        let paths = fields.strings("pathSet")?;
        fields.done()?;
        if !schema::is_managed(&kind) {
            return Err(MethodFault::invalid_type(&kind));
        }
        let is_wrong = |path: &&String| schema::path(&kind, path).is_none();
        if let Some(wrong) = paths.iter().find(is_wrong) {
            return Err(MethodFault::invalid_property(wrong));
        }
        Ok(Self { kind, all, paths })
    }
}

impl ObjectSpec {
    fn read(
        mut fields: Fields,
        named: &mut HashMap<String, Selection>,
    ) -> Result<Self, MethodFault> {
        let object = fields.reference("obj", "ManagedObject")?;
        let skip = fields.optional_boolean("skip")?.unwrap_or(false);
        let selections = read_selections(&mut fields, named)?;
        fields.done()?;
        Ok(Self {
            object,
            skip,
            selections,
        })
    }
}

/// Fails if the type does not exist or does not have the property.
fn check_traversal(kind: &str, path: &str) -> Result<(), MethodFault> {
    if !schema::is_managed(kind) {
        return Err(MethodFault::invalid_type(kind));
    }
    if schema::path(kind, path).is_none() {
        return Err(MethodFault::invalid_argument(
            "selectSet.path",
            &format!("{kind} has no property {path}."),
        ));
    }
    Ok(())
}

fn read_selections(
    fields: &mut Fields,
    named: &mut HashMap<String, Selection>,
) -> Result<Vec<Selection>, MethodFault> {
    let mut selections = Vec::new();
    for (type_name, mut fields) in
        fields.polymorphic_objects("selectSet", &["TraversalSpec", "SelectionSpec"])?
    {
        let name = fields.optional_string("name")?;
        let selection = if type_name == "SelectionSpec" {
            Selection::Named(name.ok_or_else(|| {
                MethodFault::invalid_argument("selectSet.name", "A SelectionSpec needs one.")
            })?)
        } else {
            let (kind, path) = (fields.string("type")?, fields.string("path")?);
            check_traversal(&kind, &path)?;
            let skip = fields.optional_boolean("skip")?.unwrap_or(false);
            let selections = read_selections(&mut fields, named)?;
            let traversal = Selection::Traversal {
                kind,
                path,
                skip,
                selections,
            };
            if let Some(name) = name {
                named.insert(name, traversal.clone());
            }
            traversal
        };
        fields.done()?;
        selections.push(selection);
    }
    Ok(selections)
}

struct Walk<'a> {
    spec: &'a FilterSpec,
    source: &'a dyn ObjectSource,
    seen: HashSet<MoRef>,
    /// Completed traversals by object, as named selections may be recursive.
    visited: HashSet<(MoRef, String)>,
    selected: SelectedObjects,
}

impl Walk<'_> {
    fn visit(
        &mut self,
        object: &MoRef,
        skip: bool,
        selections: &[Selection],
    ) -> Result<(), MethodFault> {
        if !skip && self.seen.insert(object.clone()) {
            self.selected.objects.push(object.clone());
        }
        for selection in selections {
            let resolved = match selection {
                Selection::Named(name) => self.spec.named.get(name).ok_or_else(|| {
                    MethodFault::invalid_argument(
                        "selectSet.name",
                        &format!("There is no selection {name}."),
                    )
                })?,
                traversal @ Selection::Traversal { .. } => traversal,
            };
            let Selection::Traversal {
                kind,
                path,
                skip,
                selections,
            } = resolved
            else {
                continue;
            };
            if !is_a(&object.kind, kind)
                || !self
                    .visited
                    .insert((object.clone(), format!("{kind}.{path}")))
            {
                continue;
            }
            for target in targets(self.source, object, path)? {
                if self.source.exists(&target) {
                    self.visit(&target, *skip, selections)?;
                }
            }
        }
        Ok(())
    }
}

/// Returns the objects that a property refers to.
fn targets(
    source: &dyn ObjectSource,
    object: &MoRef,
    path: &str,
) -> Result<Vec<MoRef>, MethodFault> {
    if let Some(view) = source.view(object).filter(|_| path == "view") {
        // Avoids conversion of large views to JSON and back.
        return Ok(view.members().cloned().collect());
    }
    let read = |value: &Value| {
        Some(MoRef::new(
            value.get("type")?.as_str()?,
            value.get("value")?.as_str()?,
        ))
    };
    Ok(match source.property(object, path)?.value {
        Value::Array(items) => items.iter().filter_map(read).collect(),
        value => read(&value).into_iter().collect(),
    })
}
