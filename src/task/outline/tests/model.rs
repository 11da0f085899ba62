//! Whatever happens on the board, the outline that follows is the one that would be made anew, and the one that
//! a plain recursion makes.

use std::collections::HashSet;

use fastrand::Rng;

use super::*;
use crate::task::{Record, outline::key::SortKey};

const NAMES: usize = 40;

/// The rows by plain recursion.
struct Reference<'a> {
    bench: &'a Bench,
    rows: Vec<Row>,
}

impl Reference<'_> {
    fn rows(bench: &Bench) -> Vec<Row> {
        let mut reference = Reference {
            bench,
            rows: Vec::new(),
        };
        let tops = bench.board.iter().map(|(handle, _)| handle);
        let tops =
            tops.filter(|handle| reference.is_flat() || bench.board.parent(*handle).is_none());
        reference.level(tops.collect(), &[]);
        reference.rows
    }

    fn is_flat(&self) -> bool {
        self.bench.outline.view.layout == Layout::Flat
    }

    fn level(&mut self, handles: Vec<Handle>, above: &[bool]) {
        let View { layout, sort, .. } = &self.bench.outline.view;
        let mut shown: Vec<_> = handles
            .into_iter()
            .filter(|handle| self.is_shown(*handle))
            .map(|handle| {
                (
                    SortKey::of(&self.bench.board, handle, *layout, sort),
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
                handle,
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
        self.bench.board.children(handle).to_vec()
    }

    fn matches(&self, handle: Handle) -> bool {
        let filter = &self.bench.outline.view.filter;
        filter.matches(self.bench.scene(&self.bench.clock()), handle)
    }

    fn is_shown(&self, handle: Handle) -> bool {
        let mut children = self.children(handle).into_iter();
        self.matches(handle) || children.any(|child| self.is_shown(child))
    }

    fn is_open(&self, handle: Handle) -> bool {
        let outline = &self.bench.outline;
        match outline.folds.get(&handle) {
            Some(folded) => !folded,
            None => !outline.view.filter.is_empty() || self.has_news_below(handle),
        }
    }

    fn has_news_below(&self, handle: Handle) -> bool {
        self.children(handle).into_iter().any(|child| {
            let status = self.bench.board.get(child).map(Record::status).unwrap();
            status.is_active() || status == Status::Failed || self.has_news_below(child)
        })
    }

    fn hidden(&self, handle: Handle, hidden: &mut StatusCounts) {
        for child in self.children(handle) {
            if self.matches(child) {
                hidden.add(self.bench.board.get(child).unwrap().status());
            }
            self.hidden(child, hidden);
        }
    }
}

fn check(bench: &Bench) {
    let Bench { board, outline, .. } = bench;
    let rows = bench.rows();
    assert_eq!(rows, Reference::rows(bench));
    assert_eq!(rows.len(), outline.len());
    let mut fresh = Outline::new(outline.view.clone());
    fresh.folds = outline.folds.clone();
    fresh.rebuild(bench.scene(&bench.clock()));
    assert_eq!(rows, fresh.rows(0..fresh.len()));
    assert_eq!(outline.matching(), fresh.matching());
    assert_eq!(outline.items.len(), board.len());
    let mut seen = HashSet::new();
    for (index, row) in rows.iter().enumerate() {
        assert!(seen.insert(row.handle), "one row a record");
        assert_eq!(outline.row(index), Some(row.handle));
        assert_eq!(outline.position(row.handle), Some(index));
    }
    for (handle, record) in board.iter() {
        assert_eq!(outline.position(handle).is_some(), seen.contains(&handle));
        let nearest = match outline.view.layout {
            Layout::Tree => board.path(handle).find_map(|above| outline.position(above)),
            Layout::Flat => outline.position(handle),
        };
        assert_eq!(outline.nearest_visible(handle), nearest, "{:?}", record.id);
    }
}

fn name(random: &mut Rng) -> String {
    format!("task-{}", random.usize(..NAMES))
}

/// Some tasks have a key that is not their moId, so that their ghosts turn out to be called otherwise.
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
    // Half of the lineages change as well, into circles too.
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
            TaskChange::Whole {
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
        15 => TaskChange::Ghost {
            key: key_of(&mo_id).into(),
            reason: "expired".into(),
        },
        _ => TaskChange::Dropped {
            mo_id: mo_id.into(),
        },
    }
}

/// One column or several.
fn sort(random: &mut Rng) -> Sort {
    let mut column = || SortColumn::ALL[random.usize(..SortColumn::ALL.len())];
    let columns = [column(), column(), column()];
    let mut sort = Sort::by(columns[0], random.bool());
    for column in &columns[..random.usize(1..=3)] {
        if sort.place(*column).is_none() {
            sort.toggle(*column);
        }
        if random.bool() {
            sort.turn(*column);
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
        layout: [Layout::Tree, Layout::Tree, Layout::Flat][random.usize(..3)],
        sort: sort(random),
        filter: filters[random.usize(..filters.len())].into(),
    }
}

fn fold(bench: &mut Bench, random: &mut Rng) {
    let clock = bench.clock();
    let Bench { board, outline, .. } = bench;
    match random.u32(..20) {
        0 => outline.set_all_folded(scene(board, &clock), random.bool()),
        1..6 => {
            if let Some((handle, _)) = board.iter().nth(random.usize(..NAMES)) {
                outline.reveal(board, handle);
                let parent = board.path(handle).nth(1);
                if let Some(parent) = parent.and_then(|parent| outline.position(parent)) {
                    assert_ne!(outline.rows(parent..parent + 1)[0].fold, Fold::Closed);
                }
            }
        }
        _ => {
            let row = random.usize(..NAMES);
            if let Some(handle) = outline.row(row) {
                let before = outline.rows(row..row + 1)[0].fold;
                outline.toggle_fold(board, handle);
                let after = outline.rows(row..row + 1)[0].fold;
                assert_eq!(before == after, before == Fold::Leaf);
            }
        }
    }
}

#[test]
fn following_is_the_same_as_starting_anew() {
    let mut random = Rng::with_seed(13);
    let mut bench = Bench::default();
    let mut most = 0;
    for step in 0..3000 {
        match step % 40 {
            0 => {
                let view = view(&mut random);
                bench.arrange(view);
            }
            // Only the filter, as while it is typed.
            10 | 30 => {
                let filter = view(&mut random).filter;
                let view = bench.outline.view.clone();
                bench.arrange(View { filter, ..view });
            }
            1 | 20 => fold(&mut bench, &mut random),
            _ => {
                let mut touched = Touched::default();
                for _ in 0..random.usize(1..4) {
                    let change = change(&mut random);
                    bench.board.apply(HERE, change, &mut touched).unwrap();
                }
                bench.follow(&touched);
            }
        }
        if random.u32(..4) == 0 {
            bench.second += random.i64(1..40);
            let clock = bench.clock();
            bench.outline.pass(scene(&bench.board, &clock), HERE);
        }
        most = most.max(bench.rows().iter().map(|row| row.depth).max().unwrap_or(0));
        check(&bench);
    }
    assert!(most >= 4, "the families were deep: {most}");
}

#[test]
fn many_siblings_are_followed_too() {
    for layout in [Layout::Flat, Layout::Tree] {
        let mut random = Rng::with_seed(14);
        let mut bench = Bench::new(View {
            layout,
            ..View::default()
        });
        bench.put("root", &json!({}));
        for child in 0..600 {
            let start = at(random.i64(0..300)).to_string();
            let more = child_of("root", &json!({"startTime": start}));
            bench.put(&format!("task-{child}"), &more);
        }
        check(&bench);
        for _ in 0..400 {
            let mo_id = format!("task-{}", random.usize(..600));
            match random.u32(..3) {
                0 => {
                    bench.put(&mo_id, &child_of("root", &ended("success", 5)));
                }
                1 => {
                    bench.put(
                        &mo_id,
                        &json!({"startTime": at(random.i64(0..300)).to_string()}),
                    );
                }
                _ if bench
                    .board
                    .find(&TaskId::new(HERE, mo_id.clone()))
                    .is_some() =>
                {
                    bench.drop(&mo_id);
                }
                _ => {}
            }
        }
        check(&bench);
    }
}
