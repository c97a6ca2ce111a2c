"""The YAML files that people edit, read and checked."""
