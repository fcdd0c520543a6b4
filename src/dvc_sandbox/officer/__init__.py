"""The officer's side of the portal (Cán bộ): log-in, list, dossier page, and the actions with their signed papers."""
