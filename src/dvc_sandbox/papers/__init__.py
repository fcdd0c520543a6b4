"""Papers of the sandbox: the portal's submission receipt, the agency's papers Mẫu 01–05 (TT 03/2025/TT-VPCP) and results. All THỬ NGHIỆM."""

from dvc_sandbox.papers.facts import DossierFacts, FiledComponent
from dvc_sandbox.papers.receipt import submission_receipt

__all__ = ["DossierFacts", "FiledComponent", "submission_receipt"]
