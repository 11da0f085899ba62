//! Property test: after random changes the incremental row model equals a rebuilt one, and one
//! built by plain recursion.

use std::collections::{HashMap, HashSet};

use fastrand::Rng;

use super::*;
use crate::{TaskRecord, row_model::sort_key::SortKey};

const NAMES: usize = 40;

/// Rows built by plain recursion.
struct Reference<'a> {
    harness: &'a Harness,
    rows: Vec<Row>,
}

impl Reference<'_> {
    fn rows(harness: &Harness) -> Vec<Row> {
        let mut reference = Reference {
            harness,
            rows: Vec::new(),
        };
        let tops = harness.store.iter().map(|(handle, _)| handle);
        let tops =
            tops.filter(|handle| reference.is_flat() || harness.store.parent(*handle).is_none());
        let tops: Vec<Handle> = tops.collect();
        match harness.model.grouped_by() {
            Some(by) => reference.groups(tops, by),
            None => reference.level(tops, &[]),
        }
        reference.rows
    }

    fn key(&self, handle: Handle) -> Option<SortKey> {
        let View { layout, sort, .. } = &self.harness.model.view;
        SortKey::of(&self.harness.store, handle, *layout, sort)
    }

    /// Groups with a shown member, by the first one.
    fn groups(&mut self, handles: Vec<Handle>, by: GroupBy) {
        let model = &self.harness.model;
        let mut groups: HashMap<GroupKey, Vec<Handle>> = HashMap::new();
        for handle in handles {
            let key = GroupKey::of(&self.harness.store, handle, by).unwrap();
            groups.entry(key).or_default().push(handle);
        }
        assert_eq!(model.groups.len(), groups.len());
        assert_eq!(model.group_ids.len(), groups.len());
        let shown = |members: &Vec<Handle>| {
            let shown = members.iter().filter(|handle| self.matches(**handle));
            shown.filter_map(|handle| self.key(*handle)).min()
        };
        let mut groups: Vec<_> = groups
            .into_iter()
            .filter_map(|(key, members)| Some((shown(&members)?, key, members)))
            .collect();
        groups.sort_by(|a, b| a.0.cmp(&b.0));
        let count = groups.len();
        for (position, (_, key, members)) in groups.into_iter().enumerate() {
            let is_last = position + 1 == count;
            let status = |handle: &Handle| self.harness.store.get(*handle).unwrap().status();
            let has_news = members.iter().map(status);
            let has_news = has_news
                .into_iter()
                .any(|s| s.is_active() || s == Status::Failed);
            let open = match model.group_folds.get(&key) {
                Some(folded) => !folded,
                None => has_news || !model.view.filter.is_empty(),
            };
            let mut counts = StatusCounts::default();
            for member in members.iter().filter(|member| self.matches(**member)) {
                counts.add(status(member));
            }
            let id = model.group_ids[&key];
            assert_eq!(model.group(id).unwrap().counts, counts);
            let hidden = if open {
                StatusCounts::default()
            } else {
                counts
            };
            self.rows.push(Row {
                id: id.into(),
                depth: 0,
                guides: Vec::new(),
                is_last,
                fold: if open { Fold::Open } else { Fold::Closed },
                hidden,
                is_context: false,
            });
            if open {
                let first = self.rows.len();
                self.level(members, &[false]);
                let mut shown = self.rows[first..].iter();
                let best = shown.next().unwrap();
                assert_eq!(Some(model.group(id).unwrap().first_member), best.task());
                let members: Vec<Handle> = model.members(id).collect();
                let rows = self.rows[first..].iter().filter_map(Row::task);
                assert_eq!(members, rows.collect::<Vec<_>>());
            }
        }
    }

    fn is_flat(&self) -> bool {
        self.harness.model.view.layout == Layout::Flat
    }

    fn level(&mut self, handles: Vec<Handle>, above: &[bool]) {
        let View { layout, sort, .. } = &self.harness.model.view;
        let mut shown: Vec<_> = handles
            .into_iter()
            .filter(|handle| self.is_shown(*handle))
            .map(|handle| {
                (
                    SortKey::of(&self.harness.store, handle, *layout, sort),
                    handle,
                )
            })
            .collect();
        shown.sort();
        let last = shown.last().map(|(_, handle)| *handle);
        for (_, handle) in shown {
            let is_last = last == Some(handle);
            let below: Vec<Handle> = self.children(handle);
            let has_below = below.iter().any(|child| self.is_shown(*child));
            let fold = match (has_below, self.is_open(handle)) {
                (false, _) => Fold::Leaf,
                (true, true) => Fold::Open,
                (true, false) => Fold::Closed,
            };
            let mut hidden = StatusCounts::default();
            if fold == Fold::Closed {
                self.hidden(handle, &mut hidden);
            }
            self.rows.push(Row {
                id: handle.into(),
                depth: above.len(),
                guides: above.to_vec(),
                is_last,
                fold,
                hidden,
                is_context: !self.matches(handle),
            });
            if fold == Fold::Open {
                let guide = !above.is_empty() && !is_last;
                self.level(below, &[above, &[guide]].concat());
            }
        }
    }

    fn children(&self, handle: Handle) -> Vec<Handle> {
        if self.is_flat() {
            return Vec::new();
        }
        self.harness.store.children(handle).to_vec()
    }

    fn matches(&self, handle: Handle) -> bool {
        let filter = &self.harness.model.view.filter;
        filter.matches(self.harness.context(&self.harness.clock()), handle)
    }

    fn is_shown(&self, handle: Handle) -> bool {
        let mut children = self.children(handle).into_iter();
        self.matches(handle) || children.any(|child| self.is_shown(child))
    }

    fn is_open(&self, handle: Handle) -> bool {
        let model = &self.harness.model;
        match model.folds.get(&handle) {
            Some(folded) => !folded,
            None => !model.view.filter.is_empty() || self.has_open_descendant(handle),
        }
    }

    fn has_open_descendant(&self, handle: Handle) -> bool {
        self.children(handle).into_iter().any(|child| {
            let status = self
                .harness
                .store
                .get(child)
                .map(TaskRecord::status)
                .unwrap();
            status.is_active() || status == Status::Failed || self.has_open_descendant(child)
        })
    }

    fn hidden(&self, handle: Handle, hidden: &mut StatusCounts) {
        for child in self.children(handle) {
            if self.matches(child) {
                hidden.add(self.harness.store.get(child).unwrap().status());
            }
            self.hidden(child, hidden);
        }
    }
}

fn check(harness: &Harness) {
    let Harness { store, model, .. } = harness;
    let rows = harness.rows();
    assert_eq!(rows, Reference::rows(harness));
    assert_eq!(rows.len(), model.len());
    let mut rebuilt = RowModel::new(model.view.clone());
    rebuilt.folds = model.folds.clone();
    rebuilt.group_folds = model.group_folds.clone();
    let clock = harness.clock();
    rebuilt.rebuild(harness.context(&clock));
    rebuilt.finish(harness.context(&clock));
    let mut recomputed = rebuilt.rows(0..rebuilt.len());
    for row in &mut recomputed {
        if let RowId::Group(group) = row.id {
            row.id = model.same_group(&rebuilt, group).unwrap().into();
        }
    }
    assert_eq!(rows, recomputed);
    assert_eq!(model.matching(), rebuilt.matching());
    assert_eq!(model.items.len(), store.len());
    let mut seen = HashSet::new();
    for (index, row) in rows.iter().enumerate() {
        assert!(seen.insert(row.id), "one row a record");
        assert_eq!(model.row(index), Some(row.id));
        assert_eq!(model.position(row.id), Some(index));
    }
    for (handle, record) in store.iter() {
        assert_eq!(
            model.position(handle).is_some(),
            seen.contains(&handle.into())
        );
        let nearest = match model.view.layout {
            Layout::Tree => store.path(handle).find_map(|above| model.position(above)),
            Layout::Flat => {
                let own = model.position(handle);
                own.or_else(|| model.position(model.above(handle)?))
            }
        };
        assert_eq!(model.nearest_visible(handle), nearest, "{:?}", record.id);
    }
}

fn name(random: &mut Rng) -> String {
    format!("task-{}", random.usize(..NAMES))
}

/// Some tasks have a key other than their moId, so that their placeholders have another id.
fn key_of(mo_id: &str) -> String {
    match mo_id.strip_suffix('7') {
        Some(stem) => format!("{stem}seven"),
        None => mo_id.to_owned(),
    }
}

fn fields(random: &mut Rng) -> Value {
    let states = [
        "running", "queued", "success", "success", "error", "strange",
    ];
    let state = states[random.usize(..states.len())];
    let mut fields = match state {
        "error" | "success" => ended(state, random.i64(0..50)),
        _ => json!({"state": state}),
    };
    if state == "error" && random.bool() {
        fields["error"] = json!({"_typeName": "RequestCanceled"});
    }
    if random.bool() {
        fields["progress"] = json!(random.i32(..100));
    }
    if random.bool() {
        fields["entityName"] = json!(["db", "web", "fs"][random.usize(..3)]);
    }
    if random.bool() {
        fields["queueTime"] = json!(at(-random.i64(0..5)).to_string());
    }
    // Half of the lineages change, including into cycles.
    for field in ["parentTaskKey", "rootTaskKey"] {
        if random.bool() {
            fields[field] = json!(key_of(&name(random)));
        }
    }
    fields
}

fn change(random: &mut Rng) -> TaskChange {
    let mo_id = name(random);
    let at = at(random.i64(10..100));
    match random.u32(..20) {
        0..9 => {
            let mut fields = fields(random);
            fields["key"] = json!(key_of(&mo_id));
            TaskChange::Full {
                info: info(&mo_id, &fields),
                at,
            }
        }
        9..14 => {
            let fields = fields(random).as_object().unwrap().clone().into_iter();
            let fields = fields.filter(|_| random.bool());
            TaskChange::Fields {
                mo_id: mo_id.into(),
                fields: fields.map(|(name, value)| (name.into(), value)).collect(),
                at,
            }
        }
        14 => TaskChange::Gone {
            mo_id: mo_id.into(),
            at,
        },
        15 => TaskChange::Placeholder {
            key: key_of(&mo_id).into(),
            reason: "expired".into(),
        },
        _ => TaskChange::Unwatched {
            mo_id: mo_id.into(),
        },
    }
}

/// Returns one column or several.
fn sort(random: &mut Rng) -> Sort {
    let mut column = || SortColumn::ALL[random.usize(..SortColumn::ALL.len())];
    let columns = [column(), column(), column()];
    let mut sort = Sort::by(columns[0], random.bool());
    for column in &columns[..random.usize(1..=3)] {
        if sort.position(*column).is_none() {
            sort.toggle(*column);
        }
        if random.bool() {
            sort.reverse_column(*column);
        }
    }
    sort
}

fn view(random: &mut Rng) -> View {
    let filters = [
        "",
        "",
        "db",
        "web runn",
        "success",
        "no license",
        "elapsed>40s",
        "elapsed<1m or ended<30s",
        "children>1",
        "idle>20s",
        "-db",
        "is:orphan",
        "is:flagged",
        "state:running",
        "d",
        "we",
    ];
    View {
        layout: [Layout::Tree, Layout::Flat][random.usize(..2)],
        sort: sort(random),
        filter: filters[random.usize(..filters.len())].into(),
        group_by: random
            .bool()
            .then(|| GroupBy::ALL[random.usize(..GroupBy::ALL.len())]),
    }
}

fn fold(harness: &mut Harness, random: &mut Rng) {
    let clock = harness.clock();
    let Harness { store, model, .. } = harness;
    match random.u32(..20) {
        0 => model.set_all_folded(context(store, &clock), random.bool()),
        1..6 => {
            if let Some((handle, _)) = store.iter().nth(random.usize(..NAMES)) {
                model.reveal(store, handle);
                let parent = model.above(handle);
                if let Some(parent) = parent.and_then(|parent| model.position(parent)) {
                    assert_ne!(model.rows(parent..parent + 1)[0].fold, Fold::Closed);
                }
            }
        }
        _ => {
            let row = random.usize(..NAMES);
            if let Some(id) = model.row(row) {
                let before = model.rows(row..row + 1)[0].fold;
                model.toggle_fold(store, id);
                let after = model.rows(row..row + 1)[0].fold;
                assert_eq!(before == after, before == Fold::Leaf);
            }
        }
    }
}

/// Makes random changes of tasks, views, folds and time. Changes of the view are completed at once, or a few rows at a
/// time while other changes are made.
fn change_randomly(seed: u64, in_steps: bool) {
    let mut random = Rng::with_seed(seed);
    let mut harness = Harness::default();
    let (mut maximum, mut checks) = (0, 0);
    for step in 0..3000 {
        let clock = harness.clock();
        match step % 40 {
            0 => {
                let view = view(&mut random);
                let context = context(&harness.store, &clock);
                harness.model.set_view(view, context);
            }
            // Only the filter changes, as while typing.
            10 | 12 | 30 => {
                let filter = view(&mut random).filter;
                let view = harness.model.requested_view().clone();
                let context = context(&harness.store, &clock);
                harness.model.set_view(View { filter, ..view }, context);
            }
            1 | 20 => fold(&mut harness, &mut random),
            _ => {
                let mut touched = ChangeSet::default();
                for _ in 0..random.usize(1..4) {
                    let change = change(&mut random);
                    harness.store.apply(HERE, change, &mut touched).unwrap();
                }
                harness.follow(&touched);
            }
        }
        if random.u32(..4) == 0 {
            harness.second += random.i64(1..40);
        }
        let clock = harness.clock();
        let context = context(&harness.store, &clock);
        if in_steps {
            harness.model.advance(context, random.usize(..16));
        } else {
            harness.model.finish(context);
        }
        harness.model.reevaluate_due(context, HERE);
        let depths = harness.rows().into_iter().map(|row| row.depth);
        maximum = maximum.max(depths.max().unwrap_or(0));
        if !harness.model.is_outdated() {
            check(&harness);
            checks += 1;
        }
    }
    assert!(maximum >= 4, "the families were deep: {maximum}");
    assert_eq!(checks < 3000, in_steps, "{checks} checks");
    assert!(checks > 500, "{checks} checks");
}

#[test]
fn incremental_model_equals_rebuilt_model() {
    change_randomly(13, false);
}

#[test]
fn view_changed_in_steps_equals_rebuilt_model() {
    for seed in 0..2 {
        change_randomly(seed, true);
    }
}

#[test]
fn incremental_model_handles_many_siblings() {
    for layout in [Layout::Flat, Layout::Tree] {
        let mut random = Rng::with_seed(14);
        let mut harness = Harness::new(View {
            layout,
            ..View::default()
        });
        harness.put("root", &json!({}));
        for child in 0..600 {
            let start = at(random.i64(0..300)).to_string();
            let more = child_of("root", &json!({"startTime": start}));
            harness.put(&format!("task-{child}"), &more);
        }
        check(&harness);
        for _ in 0..400 {
            let mo_id = format!("task-{}", random.usize(..600));
            match random.u32(..3) {
                0 => {
                    harness.put(&mo_id, &child_of("root", &ended("success", 5)));
                }
                1 => {
                    harness.put(
                        &mo_id,
                        &json!({"startTime": at(random.i64(0..300)).to_string()}),
                    );
                }
                _ if harness
                    .store
                    .find(&TaskId::new(HERE, mo_id.clone()))
                    .is_some() =>
                {
                    harness.drop(&mo_id);
                }
                _ => {}
            }
        }
        check(&harness);
    }
}
