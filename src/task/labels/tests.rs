//! Labels without labels from the server.

use std::collections::HashSet;

use serde_json::json;

use super::*;
use crate::fixture::info;

fn label(id: &str, method: Option<&str>) -> String {
    let info = info("task-1", &json!({"descriptionId": id, "name": method}));
    Labels::default().operation(&info).into_owned()
}

#[test]
fn built_in_labels_are_complete_and_unique() {
    let lines = BUILT_IN.lines().filter(|line| !line.starts_with('#'));
    assert_eq!(lines.count(), rows().count(), "three cells in every line");
    let mut ids = HashSet::new();
    for [id, method, label] in rows() {
        assert!(id.contains('.') && !id.starts_with("vim."), "{id}");
        assert!(method.ends_with("_Task"), "{id}: {method}");
        assert!(
            label.starts_with(|first: char| first.is_uppercase()),
            "{id}: {label}"
        );
        assert_eq!(label.trim(), label, "{id}");
        assert!(ids.insert(id), "{id} occurs twice");
    }
    assert!(ids.len() > 280, "{} operations", ids.len());
}

#[test]
fn documented_operations_have_built_in_label() {
    for (id, method, expected) in [
        (
            "VirtualMachine.clone",
            Some("CloneVM_Task"),
            "Clone virtual machine",
        ),
        ("vim.VirtualMachine.clone", None, "Clone virtual machine"),
        ("vm.Snapshot.remove", None, "Remove snapshot"),
        // By its method, with any id.
        ("x.y", Some("RemoveSnapshot_Task"), "Remove snapshot"),
        (
            "Datastore.destroy",
            Some("Destroy_Task"),
            "Remove datastore",
        ),
        (
            "some.Thing.destroy",
            Some("Destroy_Task"),
            "Delete inventory object",
        ),
    ] {
        assert_eq!(label(id, method), expected, "{id}");
    }
}

#[test]
fn unknown_operation_label_is_derived() {
    for (id, expected) in [
        ("VirtualMachine.ExportVmLRO", "Export VM"),
        ("Drm.ExecuteVMotionLRO", "Execute vMotion"),
        ("Drm.ExecuteMaintenanceLRO", "Execute maintenance"),
        (
            "com.vmware.esx.settings.clusters.software$apply",
            "Apply software",
        ),
        (
            "com.vmware.esx.settings.clusters.software.apply$task",
            "Apply software",
        ),
        ("vsan.resync", "Resync vSAN"),
        ("com.vmware.content.library.sync", "Sync library"),
        ("com.vmware.cns.tasks.attachvolume", "Attachvolume CNS"),
        ("VirtualMachine.defragmentAllDisks", "Defragment all disks"),
        ("VirtualMachine.defragment", "Defragment virtual machine"),
        ("com.vmware.vcIntegrity.RebootHost", "Reboot host"),
        ("EnterMaintenanceMode.enter", "Enter"),
        ("cluster.powerOnVMs", "Power on VMs"),
        ("host.importOVFTemplate", "Import OVF template"),
        ("vApp.restart", "Restart vApp"),
        ("resource-pool.re_balance", "Re balance"),
        ("x.データ", "データ x"),
    ] {
        assert_eq!(label(id, None), expected, "{id}");
    }
    assert_eq!(label("", Some("FooBarVM_Task")), "Foo bar VM");
    assert_eq!(label("", None), "Unnamed operation");
    assert_eq!(label("...", Some("_Task")), "Unnamed operation");
}

#[test]
fn server_label_takes_precedence() {
    let row = OperationLabel {
        description_id: "VirtualMachine.clone".to_owned(),
        label: "Virtuelle Maschine klonen".to_owned(),
    };
    let info = info("task-1", &json!({"descriptionId": "VirtualMachine.clone"}));
    assert_eq!(
        Labels::new(vec![row]).operation(&info),
        "Virtuelle Maschine klonen"
    );
}
