"""Steps in containers: images of their environments, and processes in them."""
