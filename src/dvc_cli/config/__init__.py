"""Settings, profiles, folders and credentials of the user."""
