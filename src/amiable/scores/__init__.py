"""Every score: a few lines each, on a contingency table; labels are only ever counted. A module is a family."""
