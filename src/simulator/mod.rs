//! An embedded vCenter.
pub mod behaviour;
pub mod fault;
pub mod scenario;
pub mod value;
pub mod world;
