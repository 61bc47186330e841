//! TODO

pub(crate) mod centroids;
