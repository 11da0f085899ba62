use crate::{
    app::{Column, Columns, test_support::*},
    vim::types::{EntityLocation, Location, ManagedObjectReference},
    watch::Update,
};

/// The `ReadLocations` commands sent after these keys.
fn sent(state: &mut Screen, keys: &str) -> Vec<bool> {
    let effects = press(state, keys).into_iter();
    let commands = effects.filter_map(|effect| match effect {
        Effect::Send(_, Command::ReadLocations(is_wanted)) => Some(is_wanted),
        _ => None,
    });
    commands.collect()
}

#[test]
fn locations_are_read_while_columns_filters_sorting_or_groups_need_them() {
    for (start, end) in [
        ("/host:esx-07<enter>", "<esc>"),
        (":group-cluster<enter>", ":group-user<enter>"),
        (":group-folder<enter>", "t"),
        ("sG<enter>", "sg<enter>"),
    ] {
        let mut state = busy(120, 40);
        assert_eq!(sent(&mut state, start).last(), Some(&true), "{start}");
        assert_eq!(sent(&mut state, "j"), [false; 0], "once");
        assert_eq!(sent(&mut state, end), [false], "{end}");
    }
    let mut state = busy(120, 40);
    state.view_mut().columns = Columns::for_all_widths("task,host".parse().unwrap());
    assert_eq!(sent(&mut state, "j"), [true]);
}

#[test]
fn a_filter_by_cluster_follows_the_locations() {
    let mut state = busy(120, 40);
    press(&mut state, "/cluster:prod-*<enter>");
    assert!(rows(&state).is_empty());
    let known = EntityLocation::Known(Location {
        cluster: Some("prod-a".into()),
        ..Location::default()
    });
    let entity = ManagedObjectReference::new("VirtualMachine", "vm-51");
    apply_update(&mut state, Update::Locations(vec![(entity.clone(), known)]));
    assert_eq!(rows(&state), ["task-4720"]);
    let unknown = EntityLocation::Unreadable("NoPermission".into());
    apply_update(&mut state, Update::Locations(vec![(entity, unknown)]));
    assert!(rows(&state).is_empty());
}

#[test]
fn wide_default_list_reads_locations_and_shows_those_that_are_known() {
    let shown = |state: &Screen| {
        let columns = state.fitting_columns(state.layout().list.width);
        let columns = columns.iter().map(|spec| spec.column);
        let locations = columns.filter(|column| column.sort_key().location_field().is_some());
        locations.collect::<Vec<_>>()
    };
    let mut state = busy(120, 40);
    assert_eq!(sent(&mut state, "j"), [false; 0]);
    let mut state = busy(200, 40);
    assert!(state.reads_locations);
    assert_eq!(shown(&state), []);
    let known = EntityLocation::Known(Location {
        host: Some("esx-07".into()),
        ..Location::default()
    });
    let entity = ManagedObjectReference::new("VirtualMachine", "vm-51");
    apply_update(&mut state, Update::Locations(vec![(entity, known)]));
    assert_eq!(shown(&state), [Column::Host], "no cluster is known");
}
