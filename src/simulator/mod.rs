//! An embedded vCenter that speaks the Virtual Infrastructure JSON API.
