"""USB tokens and smart cards through PKCS#11. The only owner of python-pkcs11, which runs in a process of its own."""
