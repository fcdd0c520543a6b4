"""A network scanner that is not there: eSCL over HTTP, with every fault at hand; `python -m dvc_sandbox.scanner PAGE…`."""
