"""What every other part uses: errors, names, files, paths, Git, signals."""
