"""How dates are printed where no template says it, as in the lists of the admin: by the names that Django looks up."""
