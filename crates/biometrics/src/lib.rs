//! From a picture to the people it may show: faces become templates, a template is searched in one gallery.

pub mod accuracy;
pub mod face;
pub mod gallery;
pub mod pack;
