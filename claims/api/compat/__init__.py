"""Reading as other sites' interfaces had it, so that what was written for them goes on working: here that of Papers with Code."""
