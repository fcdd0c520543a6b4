"""What is known about PDF files as such: kind, pages, limits. Owner of pypdf, pypdfium2 and pikepdf."""
