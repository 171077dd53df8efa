"""The commands `new-component` and `new-pipeline`: what a project adds, in files of its own."""
