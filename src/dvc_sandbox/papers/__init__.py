"""Papers of the sandbox, all marked THỬ NGHIỆM: submission receipt, the agency's Mẫu 01–05 (TT 03/2025/TT-VPCP), results."""

from dvc_sandbox.papers.facts import DossierFacts, FiledComponent
from dvc_sandbox.papers.receipt import submission_receipt

__all__ = ["DossierFacts", "FiledComponent", "submission_receipt"]
