"""What existing promtool tests ask of the rules, and what they leave out: a green test file may have asked nothing."""

from promproof.proofs.coverage.findings import Noticed
from promproof.proofs.coverage.table import AlertTests, Coverage, coverage
from promproof.proofs.coverage.testfile import TestFile, is_test_file, read_test_file, test_files

__all__ = [
    "AlertTests",
    "Coverage",
    "Noticed",
    "TestFile",
    "coverage",
    "is_test_file",
    "read_test_file",
    "test_files",
]
