"""A complete stand-in for the real world: portal, cloud signer and PKI in one local process.

Everything served from here is invented and marked "THỬ NGHIỆM / SANDBOX". The package imports nothing of `dvc_cli`,
so that it can serve as an independent judge of what the tool does.
"""
