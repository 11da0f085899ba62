//! User-defined columns and the column editor.

use insta::assert_snapshot;

use super::{
    draw_frame, draw_text,
    panels::{labelled, press},
};
use crate::{
    app::{Column, ColumnSpec, Columns, Screen, test_support::apply_update},
    vim::types::{EntityLocation, Location, ManagedObjectReference},
    watch::Update,
};

fn with(columns: &str, width: u16, height: u16) -> Screen {
    let mut state = labelled(width, height);
    state.view_mut().columns = Columns::for_all_widths(columns.parse().unwrap());
    state
}

#[test]
fn custom_columns() {
    let some = "state,id,target:14,progress:12,phase,error,task:24";
    assert_snapshot!("own_120x24", draw_text(&with(some, 120, 24)));
    assert_snapshot!("own_80x24", draw_text(&with(some, 80, 24)));
    let times = "task,queued,started,completed,queued-for,elapsed,left,finish,cancel";
    assert_snapshot!("times_160x24", draw_text(&with(times, 160, 24)));
    let names = "task:30,operation,parent,tag,activation,endpoint,started-by:18";
    assert_snapshot!("names_160x24", draw_text(&with(names, 160, 24)));
}

#[test]
fn location_columns() {
    let columns = "task,target:14,host,cluster,datacenter,folder,progress:12";
    let located = |width, height| {
        let mut state = with(columns, width, height);
        apply_update(&mut state, locations());
        state
    };
    assert_snapshot!("locations_80x24", draw_text(&located(80, 24)));
    assert_snapshot!("locations_120x40", draw_text(&located(120, 40)));
    assert_snapshot!("locations_200x50", draw_text(&located(200, 50)));
    let mut state = located(120, 40);
    press(&mut state, "bbbbbbbg");
    assert_snapshot!("by_cluster_120x40", draw_text(&state));
}

/// Two machines and a host, and a machine that cannot be read.
fn locations() -> Update {
    let known = |host: &str, folder: Option<&str>| {
        EntityLocation::Known(Location {
            host: Some(host.into()),
            cluster: Some("cluster-A".into()),
            datacenter: Some("dc-ams".into()),
            folder: folder.map(Into::into),
        })
    };
    let machine = |id| ManagedObjectReference::new("VirtualMachine", id);
    Update::Locations(vec![
        (
            machine("vm-42"),
            known("esx-01", Some("Production/Databases")),
        ),
        (
            machine("vm-51"),
            EntityLocation::Unreadable("NoPermission: denied".into()),
        ),
        (
            ManagedObjectReference::new("HostSystem", "host-9"),
            known("esx-07", None),
        ),
    ])
}

#[test]
fn all_columns_fit_every_width() {
    let all: Vec<String> = Column::ALL.iter().map(|c| c.name().to_owned()).collect();
    for width in [1, 3, 20, 80, 137, 400] {
        for columns in [vec![all.join(",")], all.clone()].concat() {
            let mut state = with(&columns, width, 24);
            draw_text(&state);
            press(&mut state, "C");
            draw_text(&state);
        }
    }
}

#[test]
fn column_editor() {
    let mut state = labelled(80, 24);
    press(&mut state, "Cjjj>j ++");
    assert_snapshot!("editor_80x24", draw_text(&state));
    let mut state = labelled(160, 45);
    press(&mut state, "Cj +++kkG <<");
    assert_snapshot!("editor_160x45", draw_text(&state));
    let mut state = labelled(200, 60);
    state.options.ascii = true;
    press(&mut state, "Cjj ");
    assert_snapshot!("editor_ascii_200x60", draw_text(&state));
    let mut state = labelled(20, 5);
    press(&mut state, "C");
    draw_text(&state);
}

#[test]
fn column_editor_updates_the_list() {
    let mut state = labelled(80, 24);
    let mut shown_after = |keys: &str| {
        for key in keys.chars() {
            press(&mut state, &key.to_string());
            draw_frame(&mut state);
        }
        let columns = state.frame.columns.iter();
        let names: Vec<String> = columns
            .map(|placed| format!("{}:{}", placed.column.name(), placed.width))
            .collect();
        names.join(" ")
    };
    let standard = "task:28 target:12 progress:16 elapsed:7 left:7";
    assert_eq!(shown_after("C"), standard);
    assert_eq!(
        shown_after("j-"),
        "task:29 target:11 progress:16 elapsed:7 left:7"
    );
    assert_eq!(shown_after("="), standard);
    assert_eq!(shown_after(" "), "task:39 progress:19 elapsed:7 left:7");
    assert_eq!(
        shown_after(" K"),
        "target:12 task:28 progress:16 elapsed:7 left:7"
    );
    assert_eq!(shown_after("r\u{1b}"), standard);
    assert!(state.popup.is_none());
    assert_eq!(ColumnSpec::new(Column::Id).to_string(), "id");
}
