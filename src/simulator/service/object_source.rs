//! Access of property filters to the objects that they watch.

use super::context::ReadContext;
use super::views::View;
use crate::method_fault::MethodFault;
use crate::value::{MoRef, Property};

/// The managed objects that a property filter can select.
pub(super) trait ObjectSource {
    fn context(&self) -> ReadContext<'_>;

    /// True if the object exists and is visible to the session.
    fn exists(&self, object: &MoRef) -> bool;

    /// Returns a view of the session.
    fn view(&self, object: &MoRef) -> Option<&View>;

    /// Returns the property at a path.
    fn property(&self, object: &MoRef, path: &str) -> Result<Property, MethodFault>;
}
