//! `vtask simulate`: the embedded vCenter as a server of its own.
