"""From paper to PDF: owner of img2pdf and Pillow."""
