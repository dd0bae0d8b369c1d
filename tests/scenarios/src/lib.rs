//! The sample books through a whole run, against figures worked out independently; see the tests.
